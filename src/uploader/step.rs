//! One step of the machine, and the one place where an upload ends.

use super::action::Input;
use super::context::Context;
use super::error::UploadError;
use super::resume_state::ResumeState;
use super::state::State;
use super::state::cancel::CancelSession;
use super::state::verify::Verification;
use super::verify::Verify;

impl Context {
    /// One step, with what must be written down before the next.
    pub(super) fn step(&mut self, state: State, input: Input) -> State {
        let session = state.session();
        let speaks_for_itself = state.speaks_for_itself();
        match state.on_input(self, input) {
            Ok(State::Ended(error)) => self.end(error, true, session),
            Ok(state) if self.is_out_of_time(&state) => {
                let error = UploadError::OutOfTime { acknowledged: self.budget.highest() };
                self.end(error, true, state.session())
            }
            Ok(state) => {
                let snapshot = state.session().map(|session| self.snapshot(&session));
                self.saves.plan(matches!(state, State::Waiting(..)), snapshot, self.plan.size, self.now);
                state
            }
            Err(error) => self.end(error, speaks_for_itself, session),
        }
    }

    /// The upload ends with `cause`: verifies where that may change it (R6), gives a session up that no run can
    /// resume (R7), or leaves it on record. `is_said`: `cause` has taken into account that the file may be there.
    fn end(&mut self, cause: UploadError, is_said: bool, session: Option<ResumeState>) -> State {
        let cause = if self.may_be_there && !is_said { cause.after_the_last_fragment() } else { cause };
        if !is_said && matches!(cause, UploadError::Unconfirmed { .. }) && self.plan.verify != Verify::None {
            return Verification::instead_of(self, cause, session);
        }
        let snapshot = session.map(|session| self.snapshot(&session));
        let is_unconfirmed = matches!(cause, UploadError::Unconfirmed { .. } | UploadError::Unverified(_));
        let is_useless = cause.cancels_session() || !(self.can_resume || is_unconfirmed);
        match snapshot {
            Some(snapshot) if is_useless => {
                // The host that the server named may never have been reached; its own knows the session as well.
                if matches!(cause.root(), UploadError::Lost { .. }) {
                    self.target.back_to_origin();
                }
                self.saves.plan_end(&UploadError::SourceChanged, None);
                State::CancelSession(CancelSession::because(snapshot.session, cause))
            }
            snapshot => {
                self.saves.plan_end(&cause, snapshot);
                State::Ended(cause)
            }
        }
    }
}
