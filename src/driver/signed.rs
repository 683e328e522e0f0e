//! Exchanges of somebody who signs in: credentials go on, challenges are answered.

use std::io;

use http::{Request, Response, response};

use crate::auth::{Login, Ready, SignInError, Step};
use crate::event::UploadEvent;
use crate::protocol::{BitsError, TransportError, TransportErrorKind};
use crate::transport::{ConnectionUse, RequestOptions, Sink, Transport};

/// Why a request without a body got no answer that counts.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// None came.
    Lost(TransportError),
    /// The server lets nobody in.
    Refused(Box<NotSignedIn>),
}

/// The server lets nobody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSignedIn {
    /// Why.
    pub reason: SignInError,
    /// What the server said; `None`: it was not asked.
    pub said: Option<BitsError>,
}

impl NotSignedIn {
    pub(super) fn because(reason: SignInError, answer: &Response<()>) -> Self {
        Self { reason, said: Some(BitsError::of(answer)) }
    }
}

impl From<SignInError> for Unanswered {
    fn from(reason: SignInError) -> Self {
        Self::Refused(Box::new(NotSignedIn { reason, said: None }))
    }
}

/// Sends a request without a body, as often as signing in takes; shows all heads.
///
/// # Errors
/// When no answer comes, or the server lets nobody in.
pub(crate) fn exchange(
    transport: &mut dyn Transport,
    login: &mut Login,
    report: &mut dyn FnMut(&UploadEvent),
    request: &Request<()>,
    options: RequestOptions,
) -> Result<Response<()>, Unanswered> {
    in_turn(login, report, request, options, |signed, options| transport.exchange(signed, options, &mut io::empty()))
}

/// The same for an answer with a body. The sink sees only heads of answers that count, and of refusals.
pub(super) fn fetch(
    transport: &mut dyn Transport,
    login: &mut Login,
    report: &mut dyn FnMut(&UploadEvent),
    request: &Request<()>,
    sink: &mut dyn Sink,
) -> Result<Response<()>, Unanswered> {
    let options = RequestOptions::default();
    in_turn(login, report, request, options, |signed, options| transport.fetch(signed, options, &mut Unrefused(sink)))
}

fn in_turn(
    login: &mut Login,
    report: &mut dyn FnMut(&UploadEvent),
    request: &Request<()>,
    wanted: RequestOptions,
    mut send: impl FnMut(Request<()>, RequestOptions) -> Result<Response<()>, TransportError>,
) -> Result<Response<()>, Unanswered> {
    let mut begun_again = false;
    let is_bound = wanted.connection == ConnectionUse::Same;
    loop {
        let mut signed = request.clone();
        let mut options = wanted;
        prepare(login, &mut signed, &mut options)?;
        report(&UploadEvent::RequestHead(Box::new(signed.clone().into_parts().0)));
        let answer = match send(signed.clone(), options) {
            Ok(answer) => answer,
            // Whoever was signed in on it signs in on another, unless the request itself belongs to it.
            Err(error) if error.kind == TransportErrorKind::NoConnection && !begun_again && !is_bound => {
                begun_again = true;
                login.disconnected(false);
                continue;
            }
            Err(error) => {
                login.disconnected(error.request_was_sent);
                return Err(Unanswered::Lost(error));
            }
        };
        report(&UploadEvent::AnswerHead(Box::new(answer_head(&answer))));
        match login.answered(&signed, &answer) {
            Step::Done => return Ok(answer),
            Step::Again | Step::SignInFirst => {}
            Step::Refused(reason) => {
                return Err(Unanswered::Refused(Box::new(NotSignedIn::because(reason, &answer))));
            }
        }
    }
}

/// Signs a request, and keeps it to its connection if it must be.
pub(super) fn prepare(
    login: &mut Login,
    request: &mut Request<()>,
    options: &mut RequestOptions,
) -> Result<Ready, SignInError> {
    let ready = login.sign(request)?;
    match ready {
        Ready::OnSameConnection => options.connection = ConnectionUse::Same,
        Ready::OnlyTo(channel) => options.connection = ConnectionUse::Bound(channel),
        Ready::Anywhere | Ready::SignInFirst => {}
    }
    Ok(ready)
}

pub(super) fn answer_head(answer: &Response<()>) -> response::Parts {
    answer.clone().into_parts().0
}

/// Hides the challenges from who waits for a body.
struct Unrefused<'a>(&'a mut dyn Sink);

impl Sink for Unrefused<'_> {
    fn begin(&mut self, head: &response::Parts) -> bool {
        head.status != http::StatusCode::UNAUTHORIZED && self.0.begin(head)
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.take(bytes)
    }
}
