import { address, GO_SET_AND_GET, lines, literal, type Snippet } from "./snippet-text.ts";

/** A serverless Memcached cache is one server to its clients, for the text and meta protocols. */
export const MEMCACHED_SERVERLESS_SNIPPETS: readonly Snippet[] = [
	{
		id: "nc",
		label: "Shell",
		install: null,
		code: ({ endpoint }) =>
			String.raw`printf 'set greeting 0 600 5\r\nhello\r\nget greeting\r\nquit\r\n' | nc ${endpoint.host} ${endpoint.port}`,
	},
	{
		id: "memcache-client",
		label: "Node.js",
		install: "npm install memcache-client",
		code: ({ endpoint }) =>
			lines(
				`import { MemcacheClient } from "memcache-client";`,
				"",
				`const cache = new MemcacheClient({ server: ${literal(address(endpoint))} });`,
				`await cache.set("greeting", "hello", { lifetime: 600 });`,
				`console.log((await cache.get("greeting")).value);`,
			),
	},
	{
		id: "pymemcache",
		label: "Python",
		install: "pip install pymemcache",
		code: ({ endpoint }) =>
			lines(
				"from pymemcache.client.base import PooledClient",
				"",
				`cache = PooledClient(${literal(address(endpoint))})`,
				`cache.set("greeting", "hello", expire=600)`,
				`print(cache.get("greeting"))`,
			),
	},
	{
		id: "gomemcache",
		label: "Go",
		install: "go get github.com/bradfitz/gomemcache/memcache",
		code: ({ endpoint }) =>
			lines(
				"package main",
				"",
				"import (",
				'\t"fmt"',
				"",
				'\t"github.com/bradfitz/gomemcache/memcache"',
				")",
				"",
				"func main() {",
				`\tcache := memcache.New(${literal(address(endpoint))})`,
				...GO_SET_AND_GET,
				"}",
			),
	},
];
