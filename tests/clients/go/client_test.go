// Package clients drives the built binary with the official Go client.
//
// The binary is UNKEY_BIN, or the debug build of this checkout.
package clients

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	unkey "github.com/unkeyed/sdks/api/go/v2"
	"github.com/unkeyed/sdks/api/go/v2/models/apierrors"
	"github.com/unkeyed/sdks/api/go/v2/models/components"
)

const rootKey = "unkey_golang0000000000000000000"

// The window of limits that a test exhausts: hardly any run meets the moment when the next one begins.
const dayMs = 24 * 60 * 60 * 1000

type (
	body = components.V2KeysVerifyKeyRequestBody
)

func start(t *testing.T) *unkey.Unkey {
	t.Helper()
	return connect(serve(t))
}

func connect(address string) *unkey.Unkey {
	return unkey.New(unkey.WithServerURL(address), unkey.WithSecurity(rootKey))
}

// serve starts a server of the test's own, and answers its address.
func serve(t *testing.T) string {
	t.Helper()
	binary := os.Getenv("UNKEY_BIN")
	if binary == "" {
		binary, _ = filepath.Abs("../../../target/debug/unkey")
	}
	server := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(t.TempDir(), "data"))
	server.Env = []string{"UNKEY_ROOT_KEY=" + rootKey}
	output, err := server.StdoutPipe()
	check(t, err)
	check(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	check(t, err)
	_, address, _ := strings.Cut(strings.TrimSpace(line), "listening on ")
	return address
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func ptr[T any](value T) *T { return &value }

func TestKeysLiveFromCreationToDeletion(t *testing.T) {
	client, ctx := start(t), context.Background()
	api, err := client.Apis.CreateAPI(ctx, components.V2ApisCreateAPIRequestBody{Name: "payments"})
	check(t, err)
	apiID := api.V2ApisCreateAPIResponseBody.Data.APIID
	got, err := client.Apis.GetAPI(ctx, components.V2ApisGetAPIRequestBody{APIID: apiID})
	check(t, err)
	equal(t, got.V2ApisGetAPIResponseBody.Data.Name, "payments")

	created, err := client.Keys.CreateKey(ctx, components.V2KeysCreateKeyRequestBody{
		APIID:       apiID,
		Prefix:      ptr("go"),
		Name:        ptr("first"),
		ExternalID:  ptr("gopher"),
		Meta:        map[string]any{"plan": "pro"},
		Permissions: []string{"read"},
		Credits:     &components.KeyCreditsData{Remaining: ptr(int64(3))},
		Ratelimits:  []components.RatelimitRequest{{Name: "requests", Limit: 10, Duration: dayMs, AutoApply: ptr(true)}},
	})
	check(t, err)
	keyID, key := created.V2KeysCreateKeyResponseBody.Data.KeyID, created.V2KeysCreateKeyResponseBody.Data.Key

	verify := func(request body) components.V2KeysVerifyKeyResponseData {
		t.Helper()
		verdict, err := client.Keys.VerifyKey(ctx, request)
		check(t, err)
		return verdict.V2KeysVerifyKeyResponseBody.Data
	}
	verdict := verify(body{Key: key, Permissions: ptr("read")})
	equal(t, verdict.Code, components.CodeValid)
	equal(t, *verdict.Credits, 2)
	equal(t, verdict.Identity.ExternalID, "gopher")
	equal(t, verdict.Ratelimits[0].Remaining, 9)
	equal(t, verify(body{Key: key, Permissions: ptr("write")}).Code, components.CodeInsufficientPermissions)
	equal(t, verify(body{Key: "nobody"}).Code, components.CodeNotFound)

	listed, err := client.Apis.ListKeys(ctx, components.V2ApisListKeysRequestBody{APIID: apiID})
	check(t, err)
	equal(t, listed.V2ApisListKeysResponseBody.Data[0].KeyID, keyID)
	who, err := client.Keys.Whoami(ctx, components.V2KeysWhoamiRequestBody{Key: key})
	check(t, err)
	equal(t, who.V2KeysWhoamiResponseBody.Data.KeyID, keyID)

	_, err = client.Keys.UpdateKey(ctx, components.V2KeysUpdateKeyRequestBody{KeyID: keyID, Enabled: ptr(false)})
	check(t, err)
	equal(t, verify(body{Key: key}).Code, components.CodeDisabled)
	_, err = client.Keys.UpdateKey(ctx, components.V2KeysUpdateKeyRequestBody{KeyID: keyID, Enabled: ptr(true)})
	check(t, err)
	credits, err := client.Keys.UpdateCredits(ctx, components.V2KeysUpdateCreditsRequestBody{
		KeyID: keyID, Operation: components.OperationSet, Value: ptr(int64(0)),
	})
	check(t, err)
	equal(t, *credits.V2KeysUpdateCreditsResponseBody.Data.Remaining, 0)
	equal(t, verify(body{Key: key}).Code, components.CodeUsageExceeded)
	added, err := client.Keys.AddPermissions(ctx, components.V2KeysAddPermissionsRequestBody{KeyID: keyID, Permissions: []string{"write"}})
	check(t, err)
	equal(t, len(added.V2KeysAddPermissionsResponseBody.Data), 2)
	removed, err := client.Keys.RemovePermissions(ctx, components.V2KeysRemovePermissionsRequestBody{KeyID: keyID, Permissions: []string{"read"}})
	check(t, err)
	equal(t, removed.V2KeysRemovePermissionsResponseBody.Data[0].Slug, "write")
	set, err := client.Keys.SetPermissions(ctx, components.V2KeysSetPermissionsRequestBody{KeyID: keyID, Permissions: []string{"other"}})
	check(t, err)
	equal(t, set.V2KeysSetPermissionsResponseBody.Data[0].Slug, "other")
	_, err = client.Permissions.CreateRole(ctx, components.V2PermissionsCreateRoleRequestBody{Name: "editor"})
	check(t, err)
	roles, err := client.Keys.AddRoles(ctx, components.V2KeysAddRolesRequestBody{KeyID: keyID, Roles: []string{"editor"}})
	check(t, err)
	equal(t, roles.V2KeysAddRolesResponseBody.Data[0].Name, "editor")
	without, err := client.Keys.RemoveRoles(ctx, components.V2KeysRemoveRolesRequestBody{KeyID: keyID, Roles: []string{"editor"}})
	check(t, err)
	equal(t, len(without.V2KeysRemoveRolesResponseBody.Data), 0)
	again, err := client.Keys.SetRoles(ctx, components.V2KeysSetRolesRequestBody{KeyID: keyID, Roles: []string{"editor"}})
	check(t, err)
	equal(t, again.V2KeysSetRolesResponseBody.Data[0].Name, "editor")
	rerolled, err := client.Keys.RerollKey(ctx, components.V2KeysRerollKeyRequestBody{KeyID: keyID, Expiration: 0})
	check(t, err)
	equal(t, verify(body{Key: key}).Code, components.CodeExpired)
	newID := rerolled.V2KeysRerollKeyResponseBody.Data.KeyID
	_, err = client.Keys.DeleteKey(ctx, components.V2KeysDeleteKeyRequestBody{KeyID: newID})
	check(t, err)
	_, err = client.Keys.GetKey(ctx, components.V2KeysGetKeyRequestBody{KeyID: newID})
	if _, missing := err.(*apierrors.NotFoundErrorResponse); !missing {
		t.Fatalf("got %v, want a NotFoundErrorResponse", err)
	}
	_, err = client.Apis.DeleteAPI(ctx, components.V2ApisDeleteAPIRequestBody{APIID: apiID})
	check(t, err)
}

func TestIdentitiesRolesAndLimits(t *testing.T) {
	client, ctx := start(t), context.Background()
	identity, err := client.Identities.CreateIdentity(ctx, components.V2IdentitiesCreateIdentityRequestBody{ExternalID: "gopher"})
	check(t, err)
	changed, err := client.Identities.UpdateIdentity(ctx, components.V2IdentitiesUpdateIdentityRequestBody{
		Identity: "gopher", Meta: map[string]any{"a": "b"},
	})
	check(t, err)
	equal(t, changed.V2IdentitiesUpdateIdentityResponseBody.Data.ID, identity.V2IdentitiesCreateIdentityResponseBody.Data.IdentityID)
	all, err := client.Identities.ListIdentities(ctx, components.V2IdentitiesListIdentitiesRequestBody{})
	check(t, err)
	equal(t, len(all.V2IdentitiesListIdentitiesResponseBody.Data), 1)
	one, err := client.Identities.GetIdentity(ctx, components.V2IdentitiesGetIdentityRequestBody{Identity: "gopher"})
	check(t, err)
	equal(t, one.V2IdentitiesGetIdentityResponseBody.Data.ExternalID, "gopher")
	_, err = client.Identities.DeleteIdentity(ctx, components.V2IdentitiesDeleteIdentityRequestBody{Identity: "gopher"})
	check(t, err)

	_, err = client.Permissions.CreatePermission(ctx, components.V2PermissionsCreatePermissionRequestBody{Name: "Read", Slug: "read"})
	check(t, err)
	role, err := client.Permissions.CreateRole(ctx, components.V2PermissionsCreateRoleRequestBody{Name: "reader"})
	check(t, err)
	found, err := client.Permissions.GetRole(ctx, components.V2PermissionsGetRoleRequestBody{Role: role.V2PermissionsCreateRoleResponseBody.Data.RoleID})
	check(t, err)
	equal(t, found.V2PermissionsGetRoleResponseBody.Data.Name, "reader")
	permission, err := client.Permissions.GetPermission(ctx, components.V2PermissionsGetPermissionRequestBody{Permission: "read"})
	check(t, err)
	equal(t, permission.V2PermissionsGetPermissionResponseBody.Data.Name, "Read")
	permissions, err := client.Permissions.ListPermissions(ctx, components.V2PermissionsListPermissionsRequestBody{})
	check(t, err)
	equal(t, len(permissions.V2PermissionsListPermissionsResponseBody.Data), 1)
	listed, err := client.Permissions.ListRoles(ctx, components.V2PermissionsListRolesRequestBody{})
	check(t, err)
	equal(t, len(listed.V2PermissionsListRolesResponseBody.Data), 1)
	_, err = client.Permissions.DeleteRole(ctx, components.V2PermissionsDeleteRoleRequestBody{Role: "reader"})
	check(t, err)
	_, err = client.Permissions.DeletePermission(ctx, components.V2PermissionsDeletePermissionRequestBody{Permission: "read"})
	check(t, err)

	limit := func() components.V2RatelimitLimitResponseData {
		t.Helper()
		answer, err := client.Ratelimit.Limit(ctx, components.V2RatelimitLimitRequestBody{
			Namespace: "email", Identifier: "u", Limit: 1, Duration: dayMs,
		})
		check(t, err)
		return answer.V2RatelimitLimitResponseBody.Data
	}
	equal(t, limit().Success, true)
	equal(t, limit().Success, false)
	_, err = client.Ratelimit.SetOverride(ctx, components.V2RatelimitSetOverrideRequestBody{
		Namespace: "email", Identifier: "*", Limit: 9, Duration: dayMs,
	})
	check(t, err)
	equal(t, limit().Limit, 9)
	overrides, err := client.Ratelimit.ListOverrides(ctx, components.V2RatelimitListOverridesRequestBody{Namespace: "email"})
	check(t, err)
	equal(t, len(overrides.V2RatelimitListOverridesResponseBody.Data), 1)
	override, err := client.Ratelimit.GetOverride(ctx, components.V2RatelimitGetOverrideRequestBody{Namespace: "email", Identifier: "u"})
	check(t, err)
	equal(t, override.V2RatelimitGetOverrideResponseBody.Data.Limit, 9)
	_, err = client.Ratelimit.DeleteOverride(ctx, components.V2RatelimitDeleteOverrideRequestBody{Namespace: "email", Identifier: "*"})
	check(t, err)
	equal(t, limit().Limit, 1)
}
