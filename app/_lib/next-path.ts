const START = "/caches";

/** Where to go after signing in: a path of this console only, so that a link can't lead elsewhere. */
export function safeNextPath(next: string | null): string {
	if (next === null || !next.startsWith("/") || /[\\\p{Cc}]/u.test(next)) return START;
	const base = "http://console.invalid";
	const url = new URL(next, base);
	if (url.origin !== base || url.pathname.startsWith("//")) return START;
	if (url.pathname === "/login" || url.pathname === "/setup") return START;
	return `${url.pathname}${url.search}${url.hash}`;
}

/** The address of a login page that leads back to `path`. */
export function loginPath(path: string): string {
	return path === "/" || path === START ? "/login" : `/login?next=${encodeURIComponent(path)}`;
}
