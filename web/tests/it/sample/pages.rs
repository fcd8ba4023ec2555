//! Every page once or more: full, empty, refused, and as a viewer sees it.

use web::pages::settings::security::SecondFactor;
use web::pages::start::Step;
use web::pages::{self, error::ErrorView, secret_link::SecretLinkView};
use web::shell::Theme;

use super::shells::with_flash;
use super::{Words, admin, entities, frame, logs, portal_frame, shell};

/// A page by the name of its file.
pub struct Rendered {
    pub name: &'static str,
    pub html: String,
}

pub fn every_page(words: &Words, theme: Theme) -> Vec<Rendered> {
    let mut all = signed_out(words, theme);
    all.extend(apis_and_keys(words, theme));
    all.extend(access(words, theme));
    all.extend(limits(words, theme));
    all.extend(observed(words, theme));
    all.extend(operated(words, theme));
    all.extend(as_viewer(words, theme));
    all
}

macro_rules! pages {
    ($($name:literal => $html:expr;)*) => { vec![$(Rendered { name: $name, html: $html }),*] };
}

fn signed_out(words: &Words, theme: Theme) -> Vec<Rendered> {
    let mut frame = frame(words);
    frame.theme = theme;
    let mut portal = portal_frame(words);
    portal.frame.theme = theme;
    let f = &frame;
    pages! {
        "login" => pages::login::login(f, &admin::login(words, false));
        "login-refused" => pages::login::login(f, &admin::login(words, true));
        "second-factor" => pages::login::second_factor(f, &admin::second_factor(words));
        "setup" => pages::setup::setup(f, &admin::setup(words));
        "unclaimed" => pages::setup::unclaimed(f);
        "invite" => pages::invite::invite(f, &admin::invite(words, false));
        "invite-account" => pages::invite::invite(f, &admin::invite(words, true));
        "secret-link" => pages::secret_link::secret_link(f, &SecretLinkView::Waiting { token: words.t("tok") });
        "secret-link-revealed" => pages::secret_link::secret_link(f, &SecretLinkView::Revealed(entities::shown(words, "Key", false)));
        "secret-link-gone" => pages::secret_link::secret_link(f, &SecretLinkView::Gone);
        "error-signed-out" => pages::error::bare_error(f, &ErrorView::TooMany { message: words.t("Try again in 4 minutes.") }, false);
        "portal" => pages::portal::keys(&portal, &entities::portal_keys(words, true));
        "portal-empty" => pages::portal::keys(&portal, &entities::portal_keys(words, false));
        "portal-usage" => pages::portal::usage(&portal, &entities::portal_usage(words));
        "portal-closed" => pages::portal::closed(&portal.frame, portal.return_to.as_ref());
    }
}

fn owner(words: &Words, theme: Theme) -> web::shell::Shell {
    let mut shell = shell(words, true);
    shell.frame.theme = theme;
    shell
}

fn apis_and_keys(words: &Words, theme: Theme) -> Vec<Rendered> {
    let s = &owner(words, theme);
    let flashed = with_flash(words, s.clone());
    pages! {
        "apis" => pages::apis::list(s, &entities::apis(words, true));
        "apis-empty" => pages::apis::list(s, &entities::apis(words, false));
        "api-new" => pages::apis::create(s, &pages::apis::NewApiView { form: words.form(&[("name", "pay")], &["name"]), nonce: "nonce".to_owned() });
        "api" => pages::api::overview(s, &entities::api(words));
        "keys" => pages::keys::list(&flashed, &entities::keys(words, true));
        "keys-empty" => pages::keys::list(s, &entities::keys(words, false));
        "key-new" => pages::key_form::create(s, &entities::new_key(words, false));
        "key-new-refused" => pages::key_form::create(s, &entities::new_key(words, true));
        "key" => pages::key::activity(s, &entities::key(words));
        "key-log" => pages::key::log(s, &entities::key_log(words));
        "key-changes" => pages::key::changes(s, &entities::key_changes(words));
        "key-edit" => pages::key_form::edit(s, &entities::edit_key(words));
        "key-secret" => pages::key_secret::secret(s, &entities::key_secret(words, true));
        "key-secret-linked" => pages::key_secret::secret(s, &entities::key_secret(words, false));
        "key-rotate" => pages::key_rotate::rotate(s, &entities::rotate(words, true, false));
        "key-rotate-refused" => pages::key_rotate::rotate(s, &entities::rotate(words, true, true));
        "bulk-delete" => pages::bulk::preview(s, &entities::bulk(words, "delete"));
        "bulk-limits" => pages::bulk::preview(s, &entities::bulk(words, "limits"));
        "bulk-roles" => pages::bulk::preview(s, &entities::bulk(words, "add_roles"));
        "bulk-permissions" => pages::bulk::preview(s, &entities::bulk(words, "remove_permissions"));
        "bulk-credits" => pages::bulk::preview(s, &entities::bulk(words, "credits"));
        "bulk-expiry" => pages::bulk::preview(s, &entities::bulk(words, "expiry"));
        "bulk-meta" => pages::bulk::preview(s, &entities::bulk(words, "meta"));
        "bulk-add-credits" => pages::bulk::preview(s, &entities::bulk(words, "add_credits"));
        "bulk-external-id" => pages::bulk::preview(s, &entities::bulk(words, "external_id"));
        "api-settings" => pages::api_settings::settings(s, &entities::api_settings(words, false));
        "api-settings-protected" => pages::api_settings::settings(s, &entities::api_settings(words, true));
        "portal-settings" => pages::portal_settings::settings(s, &entities::portal_settings(words, true));
        "portal-settings-empty" => pages::portal_settings::settings(s, &entities::portal_settings(words, false));
    }
}

fn access(words: &Words, theme: Theme) -> Vec<Rendered> {
    let s = &owner(words, theme);
    pages! {
        "identities" => pages::identities::list(s, &entities::identities(words, true));
        "identities-empty" => pages::identities::list(s, &entities::identities(words, false));
        "identity" => pages::identity::show(s, &entities::identity(words));
        "identity-usage" => pages::identity_usage::usage(s, &entities::identity_usage(words, true));
        "identity-usage-empty" => pages::identity_usage::usage(s, &entities::identity_usage(words, false));
        "identity-new" => pages::identities::form(s, &entities::identity_form(words, false));
        "identity-edit" => pages::identities::form(s, &entities::identity_form(words, true));
        "roles" => pages::roles::list(s, &entities::roles(words, true));
        "roles-empty" => pages::roles::list(s, &entities::roles(words, false));
        "role" => pages::roles::show(s, &entities::role(words));
        "role-new" => pages::roles::form(s, &entities::role_form(words, false));
        "role-edit" => pages::roles::form(s, &entities::role_form(words, true));
        "permissions" => pages::permissions::list(s, &entities::permissions(words, true));
        "permissions-empty" => pages::permissions::list(s, &entities::permissions(words, false));
        "permission-new" => pages::permissions::form(s, &entities::permission_form(words, false));
        "permission-edit" => pages::permissions::form(s, &entities::permission_form(words, true));
    }
}

fn limits(words: &Words, theme: Theme) -> Vec<Rendered> {
    let s = &owner(words, theme);
    pages! {
        "namespaces" => pages::namespaces::list(s, &entities::namespaces(words, true));
        "namespaces-empty" => pages::namespaces::list(s, &entities::namespaces(words, false));
        "namespace-new" => pages::namespaces::create(s, &Default::default());
        "namespace" => pages::namespace::requests(s, &logs::namespace_view(words));
        "namespace-logs" => pages::namespace::logs(s, &logs::namespace_logs(words));
        "namespace-settings" => pages::namespace_settings::settings(s, &entities::namespace_settings(words));
        "overrides" => pages::overrides::list(s, &entities::overrides(words, true));
        "overrides-empty" => pages::overrides::list(s, &entities::overrides(words, false));
        "override-new" => pages::overrides::form(s, &entities::override_form(words, false));
        "override-edit" => pages::overrides::form(s, &entities::override_form(words, true));
    }
}

fn observed(words: &Words, theme: Theme) -> Vec<Rendered> {
    let s = &owner(words, theme);
    pages! {
        "home" => pages::home::home(s, &admin::home(words, true));
        "home-empty" => pages::home::home(s, &admin::home(words, false));
        "requests" => pages::requests::list(s, &logs::requests_view(words, false));
        "requests-live" => pages::requests::list(s, &logs::requests_view(words, true));
        "request" => pages::request::show(s, &logs::request_view(words));
        "verification" => pages::verification::show(s, &logs::verification_view(words));
        "explain" => pages::explain::explain(s, &logs::explain_view(words, true));
        "explain-empty" => pages::explain::explain(s, &logs::explain_view(words, false));
        "audit" => pages::audit::list(s, &logs::audit_view(words));
        "audit-entry" => pages::audit::entry(s, &logs::audit_entry(words));
        "search" => pages::search::search(s, &admin::search(words, true));
        "search-empty" => pages::search::search(s, &admin::search(words, false));
        "sql" => pages::sql::sql(s, &admin::sql(words, true));
        "sql-refused" => pages::sql::sql(s, &admin::sql_refused(words));
        "sql-empty" => pages::sql::sql(s, &admin::sql(words, false));
    }
}

fn operated(words: &Words, theme: Theme) -> Vec<Rendered> {
    let s = &owner(words, theme);
    let security = |factor| pages::settings::security::security(s, &admin::security(words, factor));
    pages! {
        "start" => pages::start::choose(s);
        "start-name" => pages::start::start(s, &admin::start(words, true, Step::Name, false));
        "start-call" => pages::start::start(s, &admin::start(words, true, Step::Call, true));
        "start-call-again" => pages::start::start(s, &admin::start(words, false, Step::Call, false));
        "start-seen" => pages::start::start(s, &admin::start(words, true, Step::Seen, false));
        "root-keys" => pages::root_keys::list(s, &admin::root_keys(words, true));
        "root-keys-empty" => pages::root_keys::list(s, &admin::root_keys(words, false));
        "root-key" => pages::root_key::show(s, &admin::root_key(words));
        "root-key-new" => pages::root_key_form::form(s, &admin::root_key_form(words, false));
        "root-key-asked" => pages::consent::consent(s, &admin::consent(words));
        "root-key-edit" => pages::root_key_form::form(s, &admin::root_key_form(words, true));
        "root-key-secret" => pages::root_key::secret(s, &admin::root_key_secret(words));
        "root-key-rotate" => pages::key_rotate::rotate(s, &entities::rotate(words, false, false));
        "jobs" => pages::jobs::list(s, &admin::jobs(words, true));
        "jobs-empty" => pages::jobs::list(s, &admin::jobs(words, false));
        "job" => pages::jobs::show(s, &admin::job(words, true));
        "job-done" => pages::jobs::show(s, &admin::job(words, false));
        "import" => pages::import::import(s, &admin::import(words, false));
        "import-refused" => pages::import::import(s, &admin::import(words, true));
        "export" => pages::export::export(s, &admin::export(words));
        "settings" => pages::settings::general::general(s, &admin::general(words));
        "settings-team" => pages::settings::team::team(s, &admin::team(words));
        "settings-sessions" => pages::settings::sessions::sessions(s, &admin::sessions(words));
        "settings-security" => security(SecondFactor::Off);
        "settings-security-enrolling" => security(admin::enrolling(words));
        "settings-security-on" => security(SecondFactor::On { codes_left: 2 });
        "settings-retention" => pages::settings::retention::retention(s, &admin::retention(words));
        "settings-addresses" => pages::settings::addresses::addresses(s, &admin::addresses(words, true));
        "settings-addresses-unset" => pages::settings::addresses::addresses(s, &admin::addresses(words, false));
        "settings-v1" => pages::settings::v1::v1(s, &admin::v1(words));
        "settings-migrations" => pages::settings::migrations::migrations(s, &admin::migrations(words, true));
        "settings-migrations-empty" => pages::settings::migrations::migrations(s, &admin::migrations(words, false));
        "settings-configuration" => pages::settings::configuration::configuration(s, &admin::configuration(words, true));
        "settings-configuration-new" => pages::settings::configuration::configuration(s, &admin::configuration(words, false));
        "settings-doctor" => pages::settings::doctor::doctor(s, Some(&admin::doctor(words)));
        "settings-doctor-new" => pages::settings::doctor::doctor(s, None);
        "settings-ai" => pages::settings::ai::ai(s, &admin::ai(words, true));
        "settings-ai-off" => pages::settings::ai::ai(s, &admin::ai(words, false));
        "settings-danger" => pages::settings::danger::danger(s, &admin::danger(words, false));
        "settings-danger-last" => pages::settings::danger::danger(s, &admin::danger(words, true));
        "workspace-new" => pages::settings::workspace::new_workspace(s, &words.form(&[("name", "Acme"), ("slug", "A")], &["slug"]));
        "error-not-found" => pages::error::error(s, &ErrorView::NotFound);
        "error-forbidden" => pages::error::error(s, &ErrorView::Forbidden { message: words.t("Your role here is viewer; this takes admin.") });
        "error-stale" => pages::error::error(s, &ErrorView::StaleForm);
        "error-internal" => pages::error::error(s, &ErrorView::Internal { request_id: words.t("req_1") });
        "shortcuts" => pages::shortcuts::shortcuts(s);
        "style" => pages::style::style(s);
    }
}

fn as_viewer(words: &Words, theme: Theme) -> Vec<Rendered> {
    let mut shell = shell(words, false);
    shell.frame.theme = theme;
    let s = &shell;
    pages! {
        "viewer-keys" => pages::keys::list(s, &entities::keys(words, true));
        "viewer-key" => pages::key::activity(s, &entities::key(words));
        "viewer-api-settings" => pages::api_settings::settings(s, &entities::api_settings(words, false));
        "viewer-namespace-settings" => pages::namespace_settings::settings(s, &entities::namespace_settings(words));
        "viewer-verification" => pages::verification::show(s, &logs::verification_view(words));
        "viewer-root-key" => pages::root_key::show(s, &admin::root_key(words));
        "viewer-team" => pages::settings::team::team(s, &admin::team(words));
        "viewer-jobs" => pages::jobs::list(s, &admin::jobs(words, true));
        "viewer-job" => pages::jobs::show(s, &admin::job(words, true));
        "viewer-import" => pages::import::import(s, &admin::import(words, false));
        "viewer-export" => pages::export::export(s, &admin::export(words));
        "viewer-start" => pages::start::choose(s);
        "viewer-home" => pages::home::home(s, &admin::home(words, false));
        "viewer-settings" => pages::settings::general::general(s, &admin::general(words));
    }
}
