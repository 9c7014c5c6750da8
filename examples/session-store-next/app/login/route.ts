import { answer, RequestError, readBody, sessionOf, withCookie } from "../../http.ts";
import { shopSessions } from "../../shop-sessions.ts";

export function POST(request: Request): Promise<Response> {
	return answer(async () => {
		const { user } = await readBody(request);
		if (typeof user !== "string" || user === "") throw new RequestError('Give {"user": name}');
		const session = await shopSessions().signIn(await sessionOf(request), user);
		return withCookie(request, Response.json({ user }, { status: 201 }), session);
	});
}
