//! The commands there are. Reading gives one, running takes one, and neither can
//! forget any: the compiler counts them.

/// What a command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Serve,
    Backup,
    BackupVerify,
    Restore,
    MigrateTo,
    Healthcheck,
    OpenApi,
    ConfigCheck,
    ConfigPrint,
    Completions,
    Man,
    /// Runs where the data folder is open: here, or in the server that holds it.
    Folder(FolderCommand),
}

/// A command on the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FolderCommand {
    SetupLink,
    RootKeyCreate,
    RootKeyList,
    RootKeyRevoke,
    UserCreate,
    UserInvite,
    UserResetPassword,
    UserTotpReset,
    UserSessions,
    UserList,
    WorkspaceCreate,
    WorkspaceList,
    WorkspaceRename,
    WorkspaceDelete,
    WorkspaceEnable,
    WorkspaceDisable,
    WorkspaceSet,
    ApiList,
    ApiSet,
    MigrationCreate,
    AuditList,
    AuditExport,
    EventsList,
    EventsTop,
    EventsLatency,
    ExplainKey,
    Export(ExportedList),
    ConfigurationApply,
    ConfigurationExport,
    AnalyticsQuery,
    IndexStatus,
    IndexRebuild,
    RequestsList,
    Search,
    NamespaceList,
    NamespaceRename,
    NamespaceDelete,
    OverrideList,
    OverrideSet,
    OverrideDelete,
    WebhookCreate,
    WebhookList,
    WebhookDelete,
    WebhookDeliveries,
    WebhookReplay,
    MasterKeyRotate,
    Doctor,
}

/// A list that `unkey export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExportedList {
    Keys,
    Identities,
    Permissions,
    Roles,
    Overrides,
}

/// A version of the HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApiVersion {
    V1,
    V2,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ListFormat {
    #[default]
    Table,
    Csv,
    Json,
}

impl From<FolderCommand> for Command {
    fn from(command: FolderCommand) -> Self {
        Command::Folder(command)
    }
}

impl FolderCommand {
    /// Whether it reads what happened, for which a workspace may be gone.
    pub fn is_of_record(self) -> bool {
        matches!(self, Self::AuditList | Self::AuditExport)
    }

    /// Whether it is answered from the indexes of what happened.
    pub fn asks_indexes(self) -> bool {
        matches!(
            self,
            Self::AuditList
                | Self::EventsList
                | Self::EventsTop
                | Self::EventsLatency
                | Self::ExplainKey
                | Self::AnalyticsQuery
                | Self::RequestsList
                | Self::Search
        )
    }

    /// Whether it is about the server or all of its workspaces: it needs none to be named.
    pub fn is_server_wide(self) -> bool {
        matches!(
            self,
            Self::WorkspaceCreate
                | Self::WorkspaceList
                | Self::WorkspaceRename
                | Self::WorkspaceDelete
                | Self::WorkspaceEnable
                | Self::WorkspaceDisable
                | Self::WorkspaceSet
                | Self::MasterKeyRotate
                | Self::IndexStatus
                | Self::IndexRebuild
                | Self::Doctor
        )
    }
}
