export function modifyPath(name: string): string {
	return `/caches/${encodeURIComponent(name)}/modify`;
}
