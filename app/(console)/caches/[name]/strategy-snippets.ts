import type { Cache } from "../../../../server/contract/cache-view.ts";
import { type Access, address, lines, literal, namedUser } from "./snippet-text.ts";

export const STRATEGIES = [
	{ id: "lazy-loading", label: "Lazy loading" },
	{ id: "write-through", label: "Write-through" },
	{ id: "write-around", label: "Write-around" },
	{ id: "write-behind", label: "Write-behind" },
] as const;
export type StrategyId = (typeof STRATEGIES)[number]["id"];

/** What each strategy does with reads and writes, and when to choose it. */
export const STRATEGY_WORDS: Readonly<Record<StrategyId, string>> = {
	"lazy-loading":
		"Reads fill the cache; your application changes the database and then invalidates the key. Choose it for data that is read more often than written.",
	"write-through":
		"Writes go to the database and the cache, and no read gets an older value. Choose it for data that must be right after each change.",
	"write-around":
		"Writes go to the database, and the cache forgets the key, so that no read gets an older value. Choose it for data that is seldom read soon after it is written.",
	"write-behind":
		"Writes go to the cache, and to the database up to a second later, many together. Choose it for data that changes faster than the database can write, if you can lose the last second.",
};

export interface StrategySnippet {
	readonly id: string;
	readonly label: string;
	readonly install: string;
	/** Null: the connection comes from the environment, as `larder caches connect` prints it. */
	readonly code: (access: Access | null, strategy: StrategyId) => string;
}

/** A client of Node.js: the lines that make `store`. */
interface NodeClient {
	readonly id: string;
	readonly label: string;
	readonly store: string;
	readonly connect: (access: Access | null, isCluster: boolean) => readonly string[];
}

const PACKAGE = "larder-patterns-0.1.0.tgz";
const IOREDIS: NodeClient = {
	id: "ioredis",
	label: "ioredis",
	store: "ioredisStore",
	connect: (access, isCluster) => {
		const login = loginOf(access).join(", ");
		return isCluster
			? [
					`import { Cluster } from "ioredis";`,
					"",
					`const client = new Cluster([{ ${placeOf(access).join(", ")} }], {`,
					...(login === "" ? [] : [`  redisOptions: { ${login} },`]),
					"});",
					"const store = ioredisStore(client);",
				]
			: [
					`import { Redis } from "ioredis";`,
					"",
					"const client = new Redis({",
					...[...placeOf(access), ...loginOf(access)].map((option) => `  ${option},`),
					"});",
					"const store = ioredisStore(client);",
				];
	},
};

const NODE_REDIS: NodeClient = {
	id: "redis",
	label: "node-redis",
	store: "nodeRedisStore",
	connect: (access, isCluster) => {
		const socket = `socket: { ${placeOf(access).join(", ")} }`;
		const login = loginOf(access);
		return [
			`import { ${isCluster ? "createCluster" : "createClient"} } from "redis";`,
			"",
			...(isCluster
				? [
						"const client = createCluster({",
						`  rootNodes: [{ ${socket} }],`,
						...(login.length === 0 ? [] : [`  defaults: { ${login.join(", ")} },`]),
						"});",
					]
				: [
						"const client = createClient({",
						...[socket, ...login].map((option) => `  ${option},`),
						"});",
					]),
			`client.on("error", (error) => console.error(error.message));`,
			"await client.connect();",
			"const store = nodeRedisStore(client);",
		];
	},
};

const GLIDE: NodeClient = {
	id: "@valkey/valkey-glide",
	label: "Valkey GLIDE",
	store: "glideStore",
	connect: (access, isCluster) => {
		const name = isCluster ? "GlideClusterClient" : "GlideClient";
		const login = loginOf(access).join(", ");
		return [
			`import { ${name} } from "@valkey/valkey-glide";`,
			"",
			`const client = await ${name}.createClient({`,
			`  addresses: [{ ${placeOf(access).join(", ")} }],`,
			...(login === "" ? [] : [`  credentials: { ${login} },`]),
			"});",
			"const store = glideStore(client);",
		];
	},
};

const MEMCACHE_CLIENT: NodeClient = {
	id: "memcache-client",
	label: "memcache-client",
	store: "memcachedStore",
	connect: (access) => {
		// A client for each node; the store spreads keys over them.
		const servers =
			access === null
				? `process.env.CACHE_NODES.split(",")`
				: `[${access.nodes.map((node) => literal(address(node))).join(", ")}]`;
		return [
			`import { MemcacheClient } from "memcache-client";`,
			"",
			`const servers = ${servers};`,
			"const store = memcachedStore(servers.map((server) => new MemcacheClient({ server })));",
		];
	},
};

/** How applications use a strategy with the cache's engine, in Node.js with each client. */
export function strategySnippetsFor({
	engine,
	clusterMode,
}: Pick<Cache, "engine" | "clusterMode">): readonly StrategySnippet[] {
	const clients = engine === "memcached" ? [MEMCACHE_CLIENT] : [IOREDIS, NODE_REDIS, GLIDE];
	const isCluster = clusterMode === "enabled";
	return clients.map((client) => ({
		...{ id: client.id, label: client.label },
		install: `npm install ${client.id} ${PACKAGE}`,
		code: (access, strategy) => codeOf(client, access, isCluster, strategy),
	}));
}

function codeOf(
	client: NodeClient,
	access: Access | null,
	isCluster: boolean,
	strategy: StrategyId,
): string {
	const { make, options, change } = STRATEGY_CODE[strategy];
	const [importLine = "", ...connect] = client.connect(access, isCluster);
	return lines(
		importLine,
		`import { ${[make, client.store].toSorted().join(", ")} } from "larder-patterns";`,
		...connect,
		"",
		`const users = ${make}({`,
		"  store,",
		`  prefix: "user:",`,
		"  ttlMs: 300_000,",
		"  load: (id) => database.findUser(id),",
		...options,
		"});",
		"",
		`console.log(await users.get("42"));`,
		...change,
		`console.log(await users.get("42"));`,
		strategy === "write-behind" && "await users.flush(); // before the process ends",
	);
}

const WRITE = "  write: (id, user) => database.saveUser(id, user),";
const PUT = `await users.put("42", { name: "Ada" });`;

/** What differs between the strategies' code. */
const STRATEGY_CODE: Readonly<
	Record<StrategyId, { make: string; options: readonly string[]; change: readonly string[] }>
> = {
	"lazy-loading": {
		make: "cacheAside",
		options: [],
		change: [`await database.saveUser("42", { name: "Ada" });`, `await users.invalidate("42");`],
	},
	"write-through": { make: "writeThrough", options: [WRITE], change: [PUT] },
	"write-around": { make: "writeAround", options: [WRITE], change: [PUT] },
	"write-behind": {
		make: "writeBehind",
		options: [
			"  writeMany: async (users) => {",
			"    for (const [id, user] of users) await database.saveUser(id, user);",
			"  },",
		],
		change: [PUT],
	},
};

function placeOf(access: Access | null): string[] {
	return access === null
		? ["host: process.env.CACHE_HOST", "port: Number(process.env.CACHE_PORT)"]
		: [`host: ${literal(access.endpoint.host)}`, `port: ${access.endpoint.port}`];
}

function loginOf(access: Access | null): string[] {
	if (access === null) return ["password: process.env.CACHE_PASSWORD"];
	const user = namedUser(access);
	return [
		...(user === null ? [] : [`username: ${literal(user)}`]),
		...(access.password === null ? [] : [`password: ${literal(access.password)}`]),
	];
}
