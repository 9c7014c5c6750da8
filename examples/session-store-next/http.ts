import { type Session, TTL_SECONDS } from "./sessions.ts";
import { shopSessions } from "./shop-sessions.ts";

export const COOKIE = "sid";

/** What the client did wrong. */
export class RequestError extends Error {}

/** The visitor's session, by the request's cookie. */
export function sessionOf(request: Request): Promise<Session | null> {
	const cookies = (request.headers.get("cookie") ?? "").split(/;\s*/);
	const own = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
	return shopSessions().find(own?.slice(COOKIE.length + 1) || null);
}

/** The body's fields. */
export async function readBody(request: Request): Promise<Record<string, unknown>> {
	try {
		return Object(await request.json());
	} catch {
		throw new RequestError("The body must be JSON");
	}
}

/** Gives the visitor the session's cookie; without a session, takes it away. */
export function withCookie(
	request: Request,
	response: Response,
	session: Session | null,
): Response {
	const isSecure = (
		request.headers.get("x-forwarded-proto") ?? new URL(request.url).protocol
	).startsWith("https");
	const value = session === null ? "; Max-Age=0" : `${session.id}; Max-Age=${TTL_SECONDS}`;
	const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
	response.headers.append("set-cookie", `${COOKIE}=${value}; ${attributes}`);
	return response;
}

/** What a route answers, with errors as JSON. */
export async function answer(work: () => Promise<Response>): Promise<Response> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof RequestError)
			return Response.json({ error: error.message }, { status: 400 });
		console.error(error);
		return Response.json({ error: "Something failed; see the log." }, { status: 500 });
	}
}
