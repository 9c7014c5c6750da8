import type { AcceleratorView } from "../../../server/contract/accelerator.ts";
import type { CacheSummary } from "../../../server/contract/cache-view.ts";
import type { Host } from "../../../server/contract/host.ts";
import type { Snapshot } from "../../../server/contract/snapshot.ts";
import type { Searchable } from "./rank-entries.ts";

/** What the palette offers for a cache, a host or another resource: what is shown, and where it leads. */
export interface ResourceEntry extends Searchable {
	id: string;
	href: string;
	detail?: string;
	action?:
		| (
				| "modify"
				| "limits"
				| "failover"
				| "reboot"
				| "snapshot"
				| "restore"
				| "delete"
				| "drain"
				| "uncordon"
				| "nodes"
		  )
		| (typeof TABS)[number]["tab"];
}

/** The cache itself, found by its name, description, kind, engine, status and endpoints. */
export function cacheEntry(cache: CacheSummary): ResourceEntry {
	const { primary, reader, configuration, nodes } = cache.endpoints;
	const addresses = [primary, reader, configuration, ...nodes].flatMap((endpoint) =>
		endpoint === null ? [] : [`${endpoint.host}:${endpoint.port}`],
	);
	return {
		id: `cache:${cache.name}`,
		group: "Caches",
		title: cache.name,
		detail: cache.description,
		keywords: [
			cache.description,
			cache.kind,
			cache.engine,
			cache.status,
			...new Set(addresses),
		].join(" "),
		href: `/caches/${cache.name}`,
	};
}

const TABS = [
	{
		tab: "metrics",
		title: "Metrics of",
		keywords: "charts graphs requests memory hit rate cpu lag",
	},
	{ tab: "connect", title: "Connect to", keywords: "endpoint client snippet code url password" },
	{
		tab: "backups",
		title: "Backups of",
		keywords: "snapshots daily retention window restore",
	},
	{ tab: "events", title: "Events of", keywords: "history log timeline" },
] as const;

/** The tabs of a cache's page that people look for. */
export function cacheTabs({ name }: CacheSummary): ResourceEntry[] {
	return TABS.map(({ tab, title, keywords }) => ({
		id: `${tab}:${name}`,
		group: "Pages",
		title: `${title} ${name}`,
		keywords,
		needsQuery: true,
		href: `/caches/${name}?tab=${tab}`,
		action: tab,
	}));
}

/** Actions on a whole cache. The page that opens says if an action isn't possible now. */
export function cacheActions(cache: CacheSummary): ResourceEntry[] {
	const action = (
		name: NonNullable<ResourceEntry["action"]>,
		verb: string,
		keywords: string,
	): ResourceEntry => ({
		id: `${name}:${cache.name}`,
		group: "Actions",
		title: `${verb} ${cache.name}`,
		keywords,
		needsQuery: true,
		href: `/caches/${cache.name}${name === "modify" ? "/modify" : `?dialog=${name}`}`,
		action: name,
	});
	const remove = action("delete", "Delete", "remove destroy drop");
	const snapshot =
		cache.engine === "memcached"
			? []
			: [action("snapshot", "Take a snapshot of", "backup back up save dump rdb")];
	if (cache.kind === "serverless") {
		return [
			...snapshot,
			action("limits", "Modify limits of", "change storage ecpu maximum minimum scale"),
			action("modify", "Modify", "change edit description tags eviction protection"),
			remove,
		];
	}
	const canFailOver = cache.engine !== "memcached" && cache.replicasPerShard > 0;
	return [
		action("modify", "Modify", "change edit description tags parameter group protection"),
		...(canFailOver
			? [action("failover", "Fail over", "failover switch promote primary replica lead")]
			: []),
		action("reboot", "Reboot", "restart nodes"),
		...snapshot,
		remove,
	];
}

/** The snapshot itself, found by its name and its cache's. */
export function snapshotEntry({ name, cache, kind, status }: Snapshot): ResourceEntry {
	return {
		id: `snapshot:${name}`,
		group: "Snapshots",
		title: name,
		detail: cache === "" ? "imported" : `of ${cache}`,
		keywords: `${cache} ${kind} ${status} snapshot backup`,
		needsQuery: true,
		href: `/backups/${encodeURIComponent(name)}`,
	};
}

/** What a new cache can begin with. */
export function snapshotActions({ name, cache, status }: Snapshot): ResourceEntry[] {
	if (status !== "available") return [];
	return [
		{
			id: `restore:${name}`,
			group: "Actions",
			title: `Restore ${name}`,
			...(cache !== "" && { detail: `of ${cache}` }),
			keywords: `${cache} snapshot backup new cache recover`,
			needsQuery: true,
			href: `/caches/create?snapshot=${encodeURIComponent(name)}`,
			action: "restore",
		},
	];
}

/** The accelerator itself, found by its name, cache, upstream, status and endpoint. */
export function acceleratorEntry(accelerator: AcceleratorView): ResourceEntry {
	const { name, cache, upstream, status, endpoint } = accelerator;
	const address = endpoint === null ? "" : `${endpoint.host}:${endpoint.port}`;
	return {
		id: `accelerator:${name}`,
		group: "Accelerators",
		title: name,
		detail: `${upstream.endpoint} in ${cache}`,
		keywords: `${cache} ${upstream.endpoint} ${status} ${address} accelerator dynamodb dax`,
		needsQuery: true,
		href: `/accelerators/${encodeURIComponent(name)}`,
	};
}

export function acceleratorActions({ name }: AcceleratorView): ResourceEntry[] {
	return (
		[
			["modify", "Modify accelerator", "change edit ttl instances"],
			["delete", "Delete accelerator", "remove destroy drop"],
		] as const
	).map(([action, verb, keywords]) => ({
		...{ id: `${action}-accelerator:${name}`, group: "Actions", title: `${verb} ${name}` },
		...{ keywords, needsQuery: true, action },
		href: `/accelerators/${encodeURIComponent(name)}?dialog=${action}`,
	}));
}

/** The host itself, found by its name, zone, address and status. */
export function hostEntry(host: Host): ResourceEntry {
	return {
		id: `host:${host.id}`,
		group: "Hosts",
		title: host.name,
		detail: `zone ${host.zone} · ${host.address}`,
		keywords: `${host.zone} ${host.address} ${host.status}`,
		href: `/hosts#${host.name}`,
	};
}

export function hostActions(host: Host): ResourceEntry[] {
	const isKeptFree = host.cordoned || host.draining;
	const [action, verb, keywords] = isKeptFree
		? (["uncordon", "Uncordon", "stop draining maintenance"] as const)
		: (["drain", "Drain", "empty evacuate move nodes maintenance"] as const);
	return [
		{
			id: `${action}:${host.id}`,
			group: "Actions",
			title: `${verb} ${host.name}`,
			keywords,
			needsQuery: true,
			href: `/hosts?dialog=${action}&host=${encodeURIComponent(host.name)}`,
			action,
		},
	];
}

/** The nodes whose names begin with what is typed. Typing no more than the cache's name asks for the cache. */
export function nodeEntries(caches: Iterable<CacheSummary>, query: string): ResourceEntry[] {
	const asked = query.trim().toLowerCase();
	return [...caches].flatMap((cache) => {
		if (!asked.startsWith(`${cache.name}-`)) return [];
		return cache.endpoints.nodes
			.filter(({ node }) => node.startsWith(asked))
			.map(({ node, host, port }) => ({
				id: `node:${node}`,
				group: "Caches" as const,
				title: node,
				detail: `node of ${cache.name} · ${host}:${port}`,
				href: `/caches/${cache.name}?tab=nodes`,
				action: "nodes" as const,
			}));
	});
}
