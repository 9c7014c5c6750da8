"use client";

import { Button } from "@heroui/react";
import { ButtonLink } from "./_ui/button-link.tsx";
import { Logo } from "./_ui/logo.tsx";

/** A defect in a page: says so, and lets the user go on. Caches are not concerned. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
	return (
		<main className="grid min-h-[70dvh] place-items-center px-6">
			<div role="alert" className="flex max-w-md flex-col items-center text-center">
				<Logo className="size-9" />
				<h1 className="mt-6 text-xl font-semibold">This page failed</h1>
				<p className="mt-2 text-muted">
					The console ran into an error of its own. Caches aren't affected by it.
				</p>
				<pre className="mt-4 max-w-full overflow-x-auto rounded-lg border border-border bg-well px-3 py-2 text-left font-mono text-xs">
					{error.message}
				</pre>
				<div className="mt-6 flex gap-2">
					<Button onPress={reset}>Try again</Button>
					<ButtonLink href="/caches" variant="outline">
						Go to all caches
					</ButtonLink>
				</div>
			</div>
		</main>
	);
}
