import type { Endpoint } from "../../../../server/contract/cache.ts";
import { shellQuote } from "../create/as-code.ts";

export interface Access {
	endpoint: Endpoint;
	/** null without authentication. */
	username: string | null;
	password: string | null;
}

export interface Snippet {
	id: string;
	label: string;
	/** What to install first. */
	install: string | null;
	code: (access: Access) => string;
}

/** A string literal as JavaScript, Python, Go and Java all read it. */
function literal(text: string): string {
	return JSON.stringify(text);
}

function namedUser({ username }: Access): string | null {
	return username === null || username === "default" ? null : username;
}

function lines(...parts: (string | null | false)[]): string {
	return parts.filter((part) => typeof part === "string").join("\n");
}

function cli(command: string): (access: Access) => string {
	return (access) => {
		const { endpoint, password } = access;
		const user = namedUser(access);
		// The environment keeps the password out of the process list.
		const parts = [
			password === null ? null : `REDISCLI_AUTH=${shellQuote(password)}`,
			`${command} -h ${endpoint.host} -p ${endpoint.port}`,
			user === null ? null : `--user ${shellQuote(user)}`,
		];
		return parts.filter((part) => part !== null).join(" ");
	};
}

export const SNIPPETS: readonly Snippet[] = [
	{ id: "valkey-cli", label: "valkey-cli", install: null, code: cli("valkey-cli") },
	{ id: "redis-cli", label: "redis-cli", install: null, code: cli("redis-cli") },
	{
		id: "node",
		label: "Node.js",
		install: "npm install ioredis",
		code: (access) =>
			lines(
				`import { Redis } from "ioredis";`,
				"",
				"const cache = new Redis({",
				`  host: ${literal(access.endpoint.host)},`,
				`  port: ${access.endpoint.port},`,
				namedUser(access) !== null && `  username: ${literal(namedUser(access) ?? "")},`,
				access.password !== null && `  password: ${literal(access.password)},`,
				"});",
				"",
				`await cache.set("greeting", "hello");`,
				`console.log(await cache.get("greeting"));`,
			),
	},
	{
		id: "python",
		label: "Python",
		install: "pip install valkey",
		code: (access) =>
			lines(
				"import valkey",
				"",
				"cache = valkey.Valkey(",
				`    host=${literal(access.endpoint.host)},`,
				`    port=${access.endpoint.port},`,
				namedUser(access) !== null && `    username=${literal(namedUser(access) ?? "")},`,
				access.password !== null && `    password=${literal(access.password)},`,
				"    decode_responses=True,",
				")",
				"",
				`cache.set("greeting", "hello")`,
				`print(cache.get("greeting"))`,
			),
	},
	{
		id: "go",
		label: "Go",
		install: "go get github.com/redis/go-redis/v9",
		code: (access) =>
			lines(
				"package main",
				"",
				"import (",
				'\t"context"',
				'\t"fmt"',
				"",
				'\t"github.com/redis/go-redis/v9"',
				")",
				"",
				"func main() {",
				"\tctx := context.Background()",
				"\tcache := redis.NewClient(&redis.Options{",
				`\t\tAddr: ${literal(`${access.endpoint.host}:${access.endpoint.port}`)},`,
				namedUser(access) !== null && `\t\tUsername: ${literal(namedUser(access) ?? "")},`,
				access.password !== null && `\t\tPassword: ${literal(access.password)},`,
				"\t})",
				'\tif err := cache.Set(ctx, "greeting", "hello", 0).Err(); err != nil {',
				"\t\tpanic(err)",
				"\t}",
				'\tfmt.Println(cache.Get(ctx, "greeting").Val())',
				"}",
			),
	},
	{
		id: "java",
		label: "Java",
		install: "redis.clients:jedis",
		code: (access) =>
			lines(
				"import redis.clients.jedis.*;",
				"",
				"var config = DefaultJedisClientConfig.builder()",
				namedUser(access) !== null && `    .user(${literal(namedUser(access) ?? "")})`,
				access.password !== null && `    .password(${literal(access.password)})`,
				"    .build();",
				`var address = new HostAndPort(${literal(access.endpoint.host)}, ${access.endpoint.port});`,
				"try (var cache = new JedisPooled(address, config)) {",
				'  cache.set("greeting", "hello");',
				'  System.out.println(cache.get("greeting"));',
				"}",
			),
	},
];
