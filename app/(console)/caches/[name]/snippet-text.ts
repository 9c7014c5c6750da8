import type { Endpoint } from "../../../../server/contract/cache-view.ts";

export interface Access {
	/** The primary endpoint, or the configuration endpoint of a cluster or of Memcached. */
	endpoint: Endpoint;
	/** The endpoints of all nodes, for clients that can't discover them. */
	nodes: readonly Endpoint[];
	/** null without authentication. */
	username: string | null;
	password: string | null;
	/** The endpoint leads to replicas, which refuse writes. */
	readsOnly?: boolean;
}

export interface Snippet {
	id: string;
	label: string;
	/** What to install first. */
	install: string | null;
	code: (access: Access) => string;
}

/** A string literal as JavaScript, Python, Go and Java all read it. */
export function literal(text: string): string {
	return JSON.stringify(text);
}

export function lines(...parts: (string | null | false)[]): string {
	return parts.filter((part) => typeof part === "string").join("\n");
}

export function address({ host, port }: Endpoint): string {
	return `${host}:${port}`;
}

/** The user, if clients must name it. */
export function namedUser({ username }: Access): string | null {
	return username === null || username === "default" ? null : username;
}

/** What both Go clients of Memcached do, inside `main`. */
export const GO_SET_AND_GET = [
	'\tif err := cache.Set(&memcache.Item{Key: "greeting", Value: []byte("hello")}); err != nil {',
	"\t\tpanic(err)",
	"\t}",
	'\titem, err := cache.Get("greeting")',
	"\tif err != nil {",
	"\t\tpanic(err)",
	"\t}",
	"\tfmt.Println(string(item.Value))",
] as const;
