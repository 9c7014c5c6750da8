"use client";

import { useSyncExternalStore } from "react";

/** False while the page is rendered by the control plane, and while a browser takes it over. */
export function useIsInBrowser(): boolean {
	return useSyncExternalStore(
		() => () => {},
		() => true,
		() => false,
	);
}
