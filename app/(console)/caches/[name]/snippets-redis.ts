import { shellQuote } from "../create/as-code.ts";
import { type Access, address, lines, literal, namedUser, type Snippet } from "./snippet-text.ts";

interface Options {
	engine: "valkey" | "redis";
	isCluster: boolean;
}

function cli(command: string, isCluster: boolean): Snippet {
	return {
		id: command,
		label: command,
		install: null,
		code: (access) => {
			const { endpoint, password } = access;
			const user = namedUser(access);
			// The environment keeps the password out of the process list.
			const parts = [
				password === null ? null : `REDISCLI_AUTH=${shellQuote(password)}`,
				`${command}${isCluster ? " -c" : ""} -h ${endpoint.host} -p ${endpoint.port}`,
				user === null ? null : `--user ${shellQuote(user)}`,
			];
			return parts.filter((part) => part !== null).join(" ");
		},
	};
}

/** The lines for the user and the password that a client needs, in the language's own notation. */
function credentials(
	access: Access,
	write: (key: "username" | "password", value: string) => string,
) {
	const user = namedUser(access);
	return [
		user === null ? null : write("username", literal(user)),
		access.password === null ? null : write("password", literal(access.password)),
	];
}

function node(isCluster: boolean): Snippet {
	return {
		id: "node",
		label: "Node.js",
		install: "npm install ioredis",
		code: (access) => {
			const { host, port } = access.endpoint;
			const usage = [
				"",
				access.readsOnly !== true && `await cache.set("greeting", "hello");`,
				`console.log(await cache.get("greeting"));`,
			];
			if (isCluster) {
				const options = credentials(access, (key, value) => `${key}: ${value}`).filter(
					(option) => option !== null,
				);
				return lines(
					`import { Cluster } from "ioredis";`,
					"",
					`const cache = new Cluster([{ host: ${literal(host)}, port: ${port} }], {`,
					options.length > 0 && `  redisOptions: { ${options.join(", ")} },`,
					`  scaleReads: "slave", // replicas answer reads`,
					"});",
					...usage,
				);
			}
			return lines(
				`import { Redis } from "ioredis";`,
				"",
				"const cache = new Redis({",
				`  host: ${literal(host)},`,
				`  port: ${port},`,
				...credentials(access, (key, value) => `  ${key}: ${value},`),
				"});",
				...usage,
			);
		},
	};
}

function python({ engine, isCluster }: Options): Snippet {
	const library = engine;
	const single = engine === "valkey" ? "Valkey" : "Redis";
	const name = isCluster ? `${single}Cluster` : single;
	return {
		id: "python",
		label: "Python",
		install: `pip install ${library}`,
		code: (access) =>
			lines(
				isCluster ? `from ${library}.cluster import ${name}` : `import ${library}`,
				"",
				isCluster ? `cache = ${name}(` : `cache = ${library}.${name}(`,
				`    host=${literal(access.endpoint.host)},`,
				`    port=${access.endpoint.port},`,
				...credentials(access, (key, value) => `    ${key}=${value},`),
				"    decode_responses=True,",
				")",
				"",
				access.readsOnly !== true && `cache.set("greeting", "hello")`,
				`print(cache.get("greeting"))`,
			),
	};
}

function go(isCluster: boolean): Snippet {
	return {
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
				isCluster
					? "\tcache := redis.NewClusterClient(&redis.ClusterOptions{"
					: "\tcache := redis.NewClient(&redis.Options{",
				isCluster
					? `\t\tAddrs: []string{${literal(address(access.endpoint))}},`
					: `\t\tAddr: ${literal(address(access.endpoint))},`,
				...credentials(
					access,
					(key, value) => `\t\t${key === "username" ? "Username" : "Password"}: ${value},`,
				),
				"\t})",
				...(access.readsOnly === true
					? []
					: [
							'\tif err := cache.Set(ctx, "greeting", "hello", 0).Err(); err != nil {',
							"\t\tpanic(err)",
							"\t}",
						]),
				'\tfmt.Println(cache.Get(ctx, "greeting").Val())',
				"}",
			),
	};
}

function java(isCluster: boolean): Snippet {
	return {
		id: "java",
		label: "Java",
		install: "redis.clients:jedis",
		code: (access) =>
			lines(
				"// Jedis 7.2 or newer",
				"import redis.clients.jedis.*;",
				isCluster && "import java.util.Set;",
				"",
				"var config = DefaultJedisClientConfig.builder()",
				...credentials(
					access,
					(key, value) => `    .${key === "username" ? "user" : "password"}(${value})`,
				),
				"    .build();",
				`var address = new HostAndPort(${literal(access.endpoint.host)}, ${access.endpoint.port});`,
				`try (var cache = ${isCluster ? "RedisClusterClient" : "RedisClient"}.builder()`,
				isCluster ? "    .nodes(Set.of(address))" : "    .hostAndPort(address)",
				"    .clientConfig(config)",
				"    .build()) {",
				access.readsOnly !== true && '  cache.set("greeting", "hello");',
				'  System.out.println(cache.get("greeting"));',
				"}",
			),
	};
}

/** The queue needs commands on several keys at once, so cluster mode won't do. */
const BULLMQ: Snippet = {
	id: "bullmq",
	label: "BullMQ",
	install: "npm install bullmq",
	code: (access) => {
		const { host, port } = access.endpoint;
		const options = credentials(access, (key, value) => `${key}: ${value}`);
		const connection = [`host: ${literal(host)}`, `port: ${port}`, ...options];
		return lines(
			`import { Queue, Worker } from "bullmq";`,
			"",
			`const connection = { ${connection.filter((option) => option !== null).join(", ")} };`,
			"",
			`new Worker("mail", async (job) => console.log(job.data), { connection });`,
			`const queue = new Queue("mail", { connection });`,
			`await queue.add("welcome", { to: "ada@example.com" });`,
		);
	},
};

/** Clients of Valkey and Redis OSS; with cluster mode on, those that follow slots. */
export function redisSnippets(options: Options): readonly Snippet[] {
	const { engine, isCluster } = options;
	const commands = engine === "redis" ? ["redis-cli", "valkey-cli"] : ["valkey-cli", "redis-cli"];
	return [
		...commands.map((command) => cli(command, isCluster)),
		node(isCluster),
		python(options),
		go(isCluster),
		java(isCluster),
		...(isCluster ? [] : [BULLMQ]),
	];
}
