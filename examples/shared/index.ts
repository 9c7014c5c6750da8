export { Carts } from "./carts.ts";
export { connectCache, waitForReplicas } from "./connect-cache.ts";
export { liveFeed } from "./live-feed.ts";
export { type Answer, HttpError, type Route, serve } from "./serve.ts";
