import { AUDIT_KEPT } from "../../../server/contract/limits.ts";
import type { Crumb } from "../page-header.tsx";

export interface PageHead {
	readonly title: string;
	readonly description?: string;
}

/** The words that head each page and its tab. They need no data, so the first paint has them. */
export const PAGE_HEADS = {
	"/accelerators": {
		title: "Accelerators",
		description:
			"Caches in front of DynamoDB, with its own protocol. Applications change their endpoint and nothing else.",
	},
	"/account": { title: "Account" },
	"/api-reference": { title: "API reference" },
	"/audit": {
		title: "Audit log",
		description: `Sign-ins, revealed passwords, changes and denied calls. Kept for ${AUDIT_KEPT.days} days, at most ${AUDIT_KEPT.entries.toLocaleString("en-US")} entries.`,
	},
	"/backups": {
		title: "Backups",
		description: "Snapshots of your caches' data. A new cache can begin with any of them.",
	},
	"/caches": { title: "Caches" },
	"/caches/create": { title: "Create a cache" },
	"/costs": {
		title: "Costs",
		description:
			"What caches use, priced by your rate card. Days and months are in UTC; figures are up to a minute old.",
	},
	"/events": { title: "Events" },
	"/hosts": { title: "Hosts" },
	"/lab": {
		title: "Strategy lab",
		description:
			"Runs caching strategies side by side, against a real database and one of your caches.",
	},
	"/node-types": {
		title: "Node types",
		description: "How much memory and how many processors a node gets.",
	},
	"/parameter-groups": {
		title: "Parameter groups",
		description:
			"Named sets of engine settings that caches share. A change applies to every cache that uses the group.",
	},
	"/stores": {
		title: "Stores",
		description:
			"Where snapshots and the control plane's own backups are kept. Hosts need no access to them.",
	},
	"/tokens": {
		title: "API tokens",
		description:
			"For scripts, the CLI and other systems. Read-only tokens can read everything except passwords; full-access tokens can do everything that administrators can.",
	},
	"/users": {
		title: "Users",
		description:
			"People who can sign in to the console. Administrators can do everything; viewers can see everything except secrets.",
	},
} as const satisfies Readonly<Record<string, PageHead>>;

function knownHead(path: string): PageHead | undefined {
	return Object.entries(PAGE_HEADS).find(([of]) => of === path)?.[1];
}

/** The page that changes a cache is below the cache's own. */
const MODIFY_PATH = /^(\/caches\/[^/]+)\/modify$/;

/** The head of the page at a path; a page about one thing is headed by its name, and by the list that contains it. */
export function pageHeadAt(path: string): PageHead & { crumbs: Crumb[] } {
	const [, cachePath] = MODIFY_PATH.exec(path) ?? [];
	if (cachePath !== undefined) {
		const { title, crumbs } = pageHeadAt(cachePath);
		const above = [...crumbs.slice(0, -1), { label: title, href: cachePath }];
		return { title: `Modify ${title}`, crumbs: [...above, { label: "Modify" }] };
	}
	const end = path.lastIndexOf("/");
	const [href, name] = [path.slice(0, end), decodeURIComponent(path.slice(end + 1))];
	const head = knownHead(path) ?? { title: name };
	const list = knownHead(href);
	const above = list === undefined ? [] : [{ label: list.title, href }];
	return { ...head, crumbs: [...above, { label: head.title }] };
}
