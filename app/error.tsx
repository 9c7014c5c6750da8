"use client";

import { PageFailure } from "./_ui/page-failure.tsx";

export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
	return (
		<main>
			<PageFailure error={error} onRetry={reset} />
		</main>
	);
}
