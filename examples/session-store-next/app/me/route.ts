import { answer, sessionOf } from "../../http.ts";

export function GET(request: Request): Promise<Response> {
	return answer(async () => {
		const user = (await sessionOf(request))?.user ?? null;
		if (user === null) return Response.json({ error: "Nobody is signed in" }, { status: 401 });
		return Response.json({ user });
	});
}
