/** The events that a cache's overview shows. */
export function recentEventsInput(cache: string) {
	return { cache, limit: 8 };
}
