//! A request of anybody, signed in or not.

use std::sync::Arc;

use web::form::FormState;
use web::shell::Frame;

use super::fields::Fields;
use super::request_input::RequestInput;
use crate::app::App;
use base::access::OpCtx;
use base::error::{Error, Result};
use domain::session::SignedIn;

/// A request of somebody who may not have signed in.
pub struct VisitorRequest {
    pub app: Arc<App>,
    /// Of nobody, in no workspace.
    pub cx: OpCtx,
    pub frame: Frame,
    pub who: Option<Arc<SignedIn>>,
    pub input: RequestInput,
}

impl VisitorRequest {
    pub fn form(&self) -> &Fields {
        &self.input.form
    }

    pub fn refused(&self, error: Error) -> Result<FormState> {
        self.input.refused_form("", error)
    }
}
