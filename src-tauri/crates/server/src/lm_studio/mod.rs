//! LM Studio's REST APIs: version 0, which is OpenAI's with numbers, and version 1.

mod chat;
mod chat_events;
mod v0;
mod v1;

use crate::routes::Routes;

pub fn routes(routes: Routes) -> Routes {
    v1::routes(v0::routes(routes))
}
