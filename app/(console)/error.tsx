"use client";

import { PageFailure } from "../_ui/page-failure.tsx";

export default function ConsoleError({ error, reset }: { error: Error; reset: () => void }) {
	return <PageFailure error={error} onRetry={reset} />;
}
