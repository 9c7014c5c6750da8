"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";

/** Changes the cart and the session, and has the page rendered anew. */
export function ShopForms({ user }: { user: string | null }) {
	const router = useRouter();
	const [problem, setProblem] = useState("");

	const send = async (method: string, path: string, body?: object) => {
		try {
			const response = await fetch(path, {
				method,
				...(body !== undefined && { body: JSON.stringify(body) }),
			});
			setProblem(response.ok ? "" : Object(await response.json()).error);
		} catch {
			setProblem("The shop can't be reached.");
		}
		router.refresh();
	};
	const onSubmit =
		(act: (form: FormData) => Promise<void>) => (event: FormEvent<HTMLFormElement>) => {
			event.preventDefault();
			void act(new FormData(event.currentTarget));
		};
	return (
		<>
			<form
				onSubmit={onSubmit((form) =>
					send("PUT", `/cart/${encodeURIComponent(String(form.get("product")))}`, {
						quantity: Number(form.get("quantity")),
					}),
				)}
			>
				<label>
					Product <input name="product" required maxLength={40} />
				</label>
				<label>
					Quantity <input name="quantity" type="number" min={0} max={1_000} required />
				</label>
				<button type="submit">Put into cart</button>
			</form>
			{user === null ? (
				<form onSubmit={onSubmit((form) => send("POST", "/login", { user: form.get("user") }))}>
					<label>
						Name <input name="user" required maxLength={40} />
					</label>
					<button type="submit">Sign in</button>
				</form>
			) : (
				<form onSubmit={onSubmit(() => send("POST", "/logout"))}>
					<button type="submit">Sign out</button>
				</form>
			)}
			<p role="status">{problem}</p>
		</>
	);
}
