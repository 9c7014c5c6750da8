"use client";

import { Button } from "@heroui/react";
import { useEffect } from "react";
import { ButtonLink } from "./button-link.tsx";
import { Logo } from "./logo.tsx";

const RELOADED_KEY = "larder.reloaded-at";
const RELOAD_AGAIN_MS = 30_000;

/** Whether the server no longer has a part of the page, because the console was upgraded since the page was loaded. */
function isOutdated(error: Error): boolean {
	return (
		error.name === "ChunkLoadError" || /loading chunk|failed to load chunk/i.test(error.message)
	);
}

/** Reloads the page, but not again and again. */
function reloadOnce(): void {
	try {
		const last = Number(window.sessionStorage.getItem(RELOADED_KEY) ?? 0);
		if (Date.now() - last < RELOAD_AGAIN_MS) return;
		window.sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
	} catch {
		// Without storage, the page can't know whether it has already reloaded: leave it to the button.
		return;
	}
	window.location.reload();
}

/** Reports a defect in a page and lets the user continue. Caches aren't affected. */
export function PageFailure({ error, onRetry }: { error: Error; onRetry: () => void }) {
	const outdated = isOutdated(error);
	useEffect(() => {
		if (outdated) reloadOnce();
	}, [outdated]);
	return (
		<div
			role="alert"
			className="mx-auto flex min-h-[70dvh] max-w-md flex-col items-center justify-center px-6 text-center"
		>
			<Logo className="size-9" />
			<h1 className="mt-6 text-xl font-semibold">
				{outdated ? "The console was upgraded" : "This page failed"}
			</h1>
			<p className="mt-2 text-muted">
				{outdated
					? "This page is from the previous version. Reload it."
					: "The console hit an unexpected error. Your caches aren't affected."}
			</p>
			{!outdated && (
				<pre className="mt-4 max-w-full overflow-x-auto rounded-lg border border-border bg-well px-3 py-2 text-left font-mono text-xs">
					{error.message}
				</pre>
			)}
			<div className="mt-6 flex gap-2">
				<Button onPress={() => (outdated ? window.location.reload() : onRetry())}>
					{outdated ? "Reload" : "Try again"}
				</Button>
				<ButtonLink href="/caches" variant="outline">
					Go to all caches
				</ButtonLink>
			</div>
		</div>
	);
}
