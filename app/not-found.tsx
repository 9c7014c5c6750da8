import type { Metadata } from "next";
import { ButtonLink } from "./_ui/button-link.tsx";
import { Logo } from "./_ui/logo.tsx";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
	return (
		<main className="grid min-h-dvh place-items-center px-6">
			<div className="flex max-w-md flex-col items-center text-center">
				<Logo className="size-9" />
				<p className="mt-6 font-mono text-sm text-muted">404</p>
				<h1 className="mt-1 text-xl font-semibold">There is no such page</h1>
				<p className="mt-2 text-balance text-muted">
					The address may be misspelled, or the resource may have been deleted.
				</p>
				<ButtonLink href="/caches" className="mt-6">
					Go to all caches
				</ButtonLink>
			</div>
		</main>
	);
}
