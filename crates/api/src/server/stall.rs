//! Clients that stop in the middle: a request whose body does not come, an answer that nobody takes.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body_util::BodyExt as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A patience that starts at the first wait and ends with it.
struct Patience {
    length: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(length: Duration) -> Self {
        Self { length, waiting: None }
    }

    /// Passes on what is ready; when `polled` waits, ready once that took too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<T>) -> Poll<Result<T, io::Error>> {
        if let Poll::Ready(value) = polled {
            self.waiting = None;
            return Poll::Ready(Ok(value));
        }
        let length = self.length;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(length)));
        ready!(waiting.as_mut().poll(cx));
        let what = format!("nothing moved for {length:?}");
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, what)))
    }
}

/// Fails a request's body when nothing of it comes for `timeout`.
pub async fn guard_body(request: Request, timeout: Duration) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| {
        let mut body = body.map_err(axum::Error::into_inner);
        let mut patience = Patience::new(timeout);
        Body::from_stream(futures_util::stream::poll_fn(move |cx| {
            let polled = Pin::new(&mut body).poll_frame(cx);
            Poll::Ready(match ready!(patience.watch(cx, polled)) {
                Ok(frame) => {
                    frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_else(|_| Bytes::new())))
                }
                Err(stalled) => Some(Err(stalled.into())),
            })
        }))
    })
}

/// A connection that fails when the other side takes nothing for a while.
pub struct WriteGuard<S> {
    stream: S,
    patience: Patience,
}

impl<S> WriteGuard<S> {
    /// Fails writes to `stream` that wait longer than `timeout`.
    pub fn new(stream: S, timeout: Duration) -> Self {
        Self { stream, patience: Patience::new(timeout) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteGuard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> WriteGuard<S> {
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let polled = poll(Pin::new(&mut self.stream), cx);
        self.patience.watch(cx, polled).map(|watched| watched?)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteGuard<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().watch(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().watch(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().watch(cx, |stream, cx| stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().watch(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
