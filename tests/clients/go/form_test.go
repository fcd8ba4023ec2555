package clients

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/unkeyed/sdks/api/go/v2/models/components"
)

// The program that the form of a new key shows, run as it stands.
func TestTheProgramMakesTheKeyThatTheFormDescribes(t *testing.T) {
	address, ctx := serve(t), context.Background()
	client := connect(address)
	api, err := client.Apis.CreateAPI(ctx, components.V2ApisCreateAPIRequestBody{Name: "payments"})
	check(t, err)
	var wanted components.V2KeysCreateKeyRequestBody
	body, err := os.ReadFile("../examples/create_key.json")
	check(t, err)
	check(t, json.Unmarshal(body, &wanted))
	for _, name := range wanted.Roles {
		_, err = client.Permissions.CreateRole(ctx, components.V2PermissionsCreateRoleRequestBody{Name: name})
		check(t, err)
	}

	program, err := os.ReadFile("../examples/create_key.go.txt")
	check(t, err)
	here := strings.NewReplacer("http://unkey.test", address, "api_example", api.V2ApisCreateAPIResponseBody.Data.APIID)
	// Below this module, whose dependencies it has.
	folder, err := os.MkdirTemp(".", "form-")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	file := filepath.Join(folder, "main.go")
	check(t, os.WriteFile(file, []byte(here.Replace(string(program))), 0o600))
	command := exec.Command("go", "run", "./"+file)
	command.Env = append(os.Environ(), "UNKEY_ROOT_KEY="+rootKey)
	printed, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}

	got, err := client.Keys.GetKey(ctx, components.V2KeysGetKeyRequestBody{KeyID: strings.TrimSpace(string(printed))})
	check(t, err)
	key := got.V2KeysGetKeyResponseBody.Data
	equal(t, *key.Name, *wanted.Name)
	equal(t, key.Enabled, *wanted.Enabled)
	equal(t, key.Identity.ExternalID, *wanted.ExternalID)
	equal(t, key.Ratelimits[0].Name, wanted.Ratelimits[0].Name)
	equal(t, key.Ratelimits[0].Duration, wanted.Ratelimits[0].Duration)
	equal(t, key.Ratelimits[0].AutoApply, *wanted.Ratelimits[0].AutoApply)
	equal(t, *key.Credits.Remaining, *wanted.Credits.Remaining)
	equal(t, *key.Credits.Refill.RefillDay, *wanted.Credits.Refill.RefillDay)
	slices.Sort(key.Roles)
	slices.Sort(wanted.Roles)
	equal(t, strings.Join(key.Roles, "|"), strings.Join(wanted.Roles, "|"))
	equal(t, strings.Join(key.Permissions, "|"), strings.Join(wanted.Permissions, "|"))
	meta, err := json.Marshal(key.Meta)
	check(t, err)
	said, err := json.Marshal(wanted.Meta)
	check(t, err)
	equal(t, string(meta), string(said))
	if key.Expires == nil {
		t.Fatal("it never expires")
	}
}
