import { answer, RequestError, readBody, sessionOf, withCookie } from "../../../http.ts";
import { shopSessions } from "../../../shop-sessions.ts";

interface ProductAddress {
	params: Promise<{ product: string }>;
}

export function PUT(request: Request, { params }: ProductAddress): Promise<Response> {
	return answer(async () => {
		const { quantity } = await readBody(request);
		if (
			typeof quantity !== "number" ||
			!Number.isInteger(quantity) ||
			quantity < 0 ||
			quantity > 1_000
		) {
			throw new RequestError('Give {"quantity": 0 to 1000}');
		}
		const { product } = await params;
		const before = await sessionOf(request);
		const { session, cart } = await shopSessions().putIntoCart(before, product, quantity);
		return withCookie(request, Response.json(cart), session);
	});
}
