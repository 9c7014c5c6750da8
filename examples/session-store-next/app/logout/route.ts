import { answer, sessionOf, withCookie } from "../../http.ts";
import { shopSessions } from "../../shop-sessions.ts";

export function POST(request: Request): Promise<Response> {
	return answer(async () => {
		const session = await sessionOf(request);
		if (session !== null) await shopSessions().signOut(session);
		return withCookie(request, new Response(null, { status: 204 }), null);
	});
}
