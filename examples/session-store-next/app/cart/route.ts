import { answer, sessionOf } from "../../http.ts";
import { shopSessions } from "../../shop-sessions.ts";

export function GET(request: Request): Promise<Response> {
	return answer(async () => Response.json(await shopSessions().readCart(await sessionOf(request))));
}
