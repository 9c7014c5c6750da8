"use client";

import { toast } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import {
	Activity,
	Archive,
	ArrowLeftRight,
	ChartLine,
	CircleCheck,
	Database,
	DatabaseBackup,
	FileUp,
	Gauge,
	HardDrive,
	LogOut,
	type LucideIcon,
	MemoryStick,
	Moon,
	PackageOpen,
	Pencil,
	Plug,
	Plus,
	RotateCw,
	Server,
	SlidersHorizontal,
	Sun,
	Trash2,
	User,
	UserPlus,
	Zap,
} from "lucide-react";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { useMemo } from "react";
import type { CacheStatus } from "../../../server/contract/enums.ts";
import { copyText } from "../../_lib/copy-text.ts";
import { useIsViewer } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useSignOut } from "../../_lib/use-sign-out.ts";
import { SECTIONS } from "../shell/navigation.tsx";
import { CREATE_ACTIONS } from "./create-actions.ts";
import type { Searchable } from "./rank-entries.ts";
import {
	acceleratorActions,
	acceleratorEntry,
	cacheActions,
	cacheEntry,
	cacheTabs,
	hostActions,
	hostEntry,
	nodeEntries,
	type ResourceEntry,
	snapshotActions,
	snapshotEntry,
} from "./resource-entries.ts";

export interface PaletteEntry extends Searchable {
	id: string;
	icon: LucideIcon;
	detail?: string;
	status?: CacheStatus;
	run: () => void;
}

const PAGE_KEYWORDS: Readonly<Record<string, string>> = {
	"/caches": "caches list clusters databases dashboard home",
	"/backups": "snapshots restore daily automatic recover dump rdb",
	"/stores": "s3 bucket directory nas age encryption snapshots backups schedule control plane",
	"/hosts": "fleet machines servers capacity zones agents",
	"/parameter-groups": "settings configuration config maxmemory policy families defaults",
	"/costs": "price money bill billing usage forecast rate card spend month ecpu",
	"/node-types": "sizes instances memory vcpu catalog families own cost price",
	"/accelerators": "dynamodb dax aws item cache query cache endpoint",
	"/lab": "strategies strategy patterns cache-aside write-through hit rate compare experiment",
	"/events": "log history timeline",
	"/users": "people accounts roles administrators viewers invite team",
	"/audit": "security log history who sign-ins logins changes trail",
	"/tokens": "keys bearer access credentials",
	"/api-reference": "rest openapi docs documentation curl",
};

const ACTION_ICONS: Readonly<Record<NonNullable<ResourceEntry["action"]>, LucideIcon>> = {
	modify: Pencil,
	limits: Gauge,
	failover: ArrowLeftRight,
	reboot: RotateCw,
	snapshot: Archive,
	backups: Archive,
	restore: DatabaseBackup,
	delete: Trash2,
	drain: PackageOpen,
	uncordon: CircleCheck,
	nodes: Server,
	metrics: ChartLine,
	connect: Plug,
	events: Activity,
};

const BACKUP_COMMAND = "npx larder backup larder.backup";

async function copyBackupCommand(): Promise<void> {
	const copied = await copyText(BACKUP_COMMAND);
	toast(copied ? "Backup command copied" : BACKUP_COMMAND, {
		description:
			"Run it on the control plane's machine. It saves the control plane's database and key.",
	});
}

/** What viewers may use: entries that find things, or that change only what this browser shows. */
function isForViewers({ id, group }: PaletteEntry): boolean {
	return group !== "Actions" || id === "action:theme" || id === "action:sign-out";
}

/** As many creations as there are engines, and the serverless one. */
const CREATIONS_FIRST = 4;

function useActions(isOpen: boolean): PaletteEntry[] {
	const router = useRouter();
	const signOut = useSignOut();
	const { resolvedTheme, setTheme } = useTheme();
	return useMemo(() => {
		if (!isOpen) return [];
		const isDark = resolvedTheme === "dark";
		const act = (id: string, title: string, icon: LucideIcon, keywords: string, run: () => void) =>
			({ id: `action:${id}`, group: "Actions", title, icon, keywords, run }) as const;
		const creations = CREATE_ACTIONS.map(({ id, title, detail, keywords, query }) => ({
			...act(id, title, Plus, keywords, () => router.push(`/caches/create?${query}`)),
			detail,
		}));
		return [
			// Without a query, the palette offers the first of each group: caches by engine or serverless, then other things.
			...creations.slice(0, CREATIONS_FIRST),
			act("snapshot", "Take a snapshot", Archive, "backup back up cache save dump rdb", () =>
				router.push("/backups?dialog=create"),
			),
			act(
				"import",
				"Import RDB files",
				FileUp,
				"upload snapshot dump.rdb move in seed restore",
				() => router.push("/backups?dialog=import"),
			),
			act(
				"store",
				"Create a store",
				HardDrive,
				"new s3 bucket directory nas snapshots backups age encryption",
				() => router.push("/stores?dialog=create"),
			),
			act(
				"accelerator",
				"Create an accelerator",
				Zap,
				"new dynamodb dax aws item query cache endpoint",
				() => router.push("/accelerators?dialog=create"),
			),
			act(
				"parameter-group",
				"Create a parameter group",
				SlidersHorizontal,
				"new settings configuration config maxmemory policy parameters",
				() => router.push("/parameter-groups?dialog=create"),
			),
			act(
				"node-type",
				"Create a node type",
				MemoryStick,
				"new own custom size memory vcpu instance",
				() => router.push("/node-types?dialog=create"),
			),
			act(
				"host",
				"Add a host",
				Server,
				"join agent machine server capacity zone token enroll",
				() => router.push("/hosts?dialog=add-host"),
			),
			act("token", "Create an API token", Plus, "new key bearer cli access automation", () =>
				router.push("/tokens?dialog=create-token"),
			),
			act(
				"user",
				"Invite a user",
				UserPlus,
				"add new person account team viewer administrator",
				() => router.push("/users?dialog=invite"),
			),
			act(
				"theme",
				isDark ? "Use the light theme" : "Use the dark theme",
				isDark ? Sun : Moon,
				"theme dark light mode appearance night",
				() => setTheme(isDark ? "light" : "dark"),
			),
			{
				...act(
					"backup",
					"Back up the control plane",
					Archive,
					"backup save export restore database key recovery",
					() => void copyBackupCommand(),
				),
				detail: BACKUP_COMMAND,
			},
			act("sign-out", "Sign out", LogOut, "log out logout leave", () => void signOut()),
			...creations.slice(CREATIONS_FIRST),
		];
	}, [isOpen, router, resolvedTheme, setTheme, signOut]);
}

/** Everything that the palette can find. The server's own search finds caches beyond the first hundred. */
export function usePaletteEntries(isOpen: boolean, query: string): PaletteEntry[] {
	const trpc = useTRPC();
	const router = useRouter();
	const actions = useActions(isOpen);
	const isViewer = useIsViewer();
	const first = useQuery(
		trpc.caches.list.queryOptions({ limit: 100 }, { enabled: isOpen, staleTime: 5_000 }),
	);
	const hasMore = first.data?.nextCursor != null;
	const found = useQuery(
		trpc.caches.list.queryOptions(
			{ limit: 10, search: query.trim().slice(0, 100) },
			{
				enabled: isOpen && hasMore && query.trim() !== "",
				placeholderData: keepPreviousData,
				staleTime: 5_000,
			},
		),
	);
	const hosts = useQuery(
		trpc.hosts.list.queryOptions({ limit: 100 }, { enabled: isOpen, staleTime: 5_000 }),
	);

	const snapshots = useQuery(
		trpc.snapshots.list.queryOptions({ limit: 100 }, { enabled: isOpen, staleTime: 5_000 }),
	);

	const accelerators = useQuery(
		trpc.accelerators.list.queryOptions(undefined, { enabled: isOpen, staleTime: 5_000 }),
	);

	return useMemo(() => {
		const caches = new Map(
			[...(first.data?.items ?? []), ...(found.data?.items ?? [])].map((cache) => [
				cache.name,
				cache,
			]),
		);
		const go = (entry: ResourceEntry, icon: LucideIcon): PaletteEntry => ({
			...entry,
			icon: entry.action === undefined ? icon : ACTION_ICONS[entry.action],
			run: () => router.push(entry.href),
		});
		const machines = hosts.data?.items ?? [];
		const taken = snapshots.data?.items ?? [];
		const inFront = accelerators.data?.items ?? [];
		const entries = [
			...actions,
			...Array.from(caches.values(), (cache) => ({
				...go(cacheEntry(cache), Database),
				status: cache.status,
			})),
			...nodeEntries(caches.values(), query).map((entry) => go(entry, Server)),
			...[...caches.values()].flatMap(cacheActions).map((entry) => go(entry, Database)),
			...[...caches.values()].flatMap(cacheTabs).map((entry) => go(entry, Database)),
			...taken.map((snapshot) => go(snapshotEntry(snapshot), Archive)),
			...taken.flatMap(snapshotActions).map((entry) => go(entry, Archive)),
			...inFront.map((accelerator) => go(acceleratorEntry(accelerator), Zap)),
			...inFront.flatMap(acceleratorActions).map((entry) => go(entry, Zap)),
			...machines.map((host) => go(hostEntry(host), Server)),
			...machines.flatMap(hostActions).map((entry) => go(entry, Server)),
			...SECTIONS.flatMap(({ items }) =>
				items.map(
					({ href, label, icon }): PaletteEntry => ({
						id: `page:${href}`,
						group: "Pages",
						title: label,
						icon,
						keywords: PAGE_KEYWORDS[href] ?? "",
						run: () => router.push(href),
					}),
				),
			),
			{
				id: "page:/account",
				group: "Pages" as const,
				title: "Account",
				icon: User,
				keywords: "change password my sessions browsers sign out everywhere profile",
				run: () => router.push("/account"),
			},
		];
		return isViewer ? entries.filter(isForViewers) : entries;
	}, [
		isViewer,
		actions,
		first.data,
		found.data,
		hosts.data,
		snapshots.data,
		accelerators.data,
		query,
		router,
	]);
}
