//! URN grants: `unkey:v1:<workspace>:<path>#<action>`
//! (docs/contract/v2.md#urns).

/// A parsed URN grant.
#[derive(Debug, PartialEq, Eq)]
pub struct Urn {
    workspace: Box<str>,
    /// Segments; `*` covers one, a final `**` any remainder, even none.
    path: Vec<Box<str>>,
    action: Box<str>,
}

impl Urn {
    /// `None` when the text is not a well-formed URN grant.
    pub fn parse(text: &str) -> Option<Self> {
        let (left, action) = text.strip_prefix("unkey:v1:")?.split_once('#')?;
        let (workspace, path) = left.split_once(':')?;
        let segments: Vec<&str> = path.split('/').collect();
        let last = segments.len() - 1;
        let well_formed = |(position, segment): (usize, &&str)| match *segment {
            "" => false,
            "*" => true,
            "**" => position == last,
            other => !other.contains(['*', ':', '#']),
        };
        let valid_action = match action {
            "*" => path == "**",
            word => {
                !word.is_empty()
                    && !word.contains([':', '#', '/', '*'])
                    && !word.starts_with('_')
                    && !word.ends_with('_')
            }
        };
        (!workspace.is_empty() && valid_action && segments.iter().enumerate().all(well_formed)).then(|| {
            Self {
                workspace: workspace.into(),
                path: segments.into_iter().map(Into::into).collect(),
                action: action.into(),
            }
        })
    }

    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    /// Whether this grant covers `action` on `path`. A `*` segment in `path`
    /// is literal: only a wildcard covers it.
    pub fn covers(&self, workspace: &str, path: &str, action: &str) -> bool {
        &*self.workspace == workspace
            && (&*self.action == action || &*self.action == "*")
            && self.covers_path(path)
    }

    /// Whether this grant covers `action` on a path that is like `pattern`, where
    /// `any` stands for whichever segment suits it.
    pub(super) fn could_cover(&self, workspace: &str, pattern: &str, action: &str, any: &str) -> bool {
        let fits = |granted: &str, required: &str| granted == "*" || required == any || granted == required;
        let mut required = pattern.split('/');
        &*self.workspace == workspace
            && (&*self.action == action || &*self.action == "*")
            && (self.path.iter().map(|segment| &**segment).all(|granted| {
                granted == "**" || required.next().is_some_and(|required| fits(granted, required))
            }))
            && (self.path.last().is_some_and(|last| &**last == "**") || required.next().is_none())
    }

    /// Whether this grant covers all of what another one covers.
    pub fn covers_urn(&self, other: &Urn) -> bool {
        self.workspace == other.workspace
            && (self.action == other.action || &*self.action == "*")
            && self.covers_segments(other.path.iter().map(|segment| &**segment))
    }

    fn covers_path(&self, path: &str) -> bool {
        self.covers_segments(path.split('/'))
    }

    fn covers_segments<'a>(&self, mut required: impl Iterator<Item = &'a str>) -> bool {
        for granted in &self.path {
            if &**granted == "**" {
                return true;
            }
            match required.next() {
                // `*` is one segment; it cannot cover a remainder of any length.
                Some(segment) if (&**granted == "*" && segment != "**") || &**granted == segment => {}
                _ => return false,
            }
        }
        required.next().is_none()
    }
}
