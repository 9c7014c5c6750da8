import { cookies } from "next/headers";
import { COOKIE } from "../http.ts";
import { shopSessions } from "../shop-sessions.ts";
import { ShopForms } from "./shop-forms.tsx";

/** Never at build time, when there is no visitor and no cache. */
export const dynamic = "force-dynamic";

/** Rendered on the server with the visitor's own session and cart. */
export default async function ShopPage() {
	const sessions = shopSessions();
	const session = await sessions.find((await cookies()).get(COOKIE)?.value ?? null);
	const cart = Object.entries(await sessions.readCart(session));
	return (
		<main>
			<h1>Shop</h1>
			<p>{session?.user == null ? "You aren't signed in." : `Signed in as ${session.user}.`}</p>
			<table>
				<thead>
					<tr>
						<th scope="col">Product</th>
						<th scope="col">Quantity</th>
					</tr>
				</thead>
				<tbody>
					{cart.length === 0 && (
						<tr>
							<td colSpan={2}>Your cart is empty.</td>
						</tr>
					)}
					{cart.map(([product, quantity]) => (
						<tr key={product}>
							<td>{product}</td>
							<td>{quantity}</td>
						</tr>
					))}
				</tbody>
			</table>
			<ShopForms user={session?.user ?? null} />
		</main>
	);
}
