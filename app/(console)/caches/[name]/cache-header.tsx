"use client";

import { Button } from "@heroui/react";
import {
	Archive,
	ArrowLeftRight,
	DatabaseZap,
	Gauge,
	Pencil,
	Plug,
	RotateCw,
	Trash2,
} from "lucide-react";
import { useRouter } from "next/navigation";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { engineName } from "../../../_lib/engines.ts";
import { failoverObstacle } from "../../../_lib/failover.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { ActionsMenu, type MenuAction } from "../../../_ui/actions-menu.tsx";
import { Chip } from "../../../_ui/chip.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { pageHeadAt } from "../../../_ui/shell/page-heads.ts";
import { Status } from "../../../_ui/status.tsx";
import { CreateSnapshotDialog } from "../../backups/lazy-dialogs.tsx";
import { MEMCACHED_OBSTACLE } from "../../backups/snapshot-words.ts";
import { KINDS, PROTOCOL_WORDS } from "../serverless-words.ts";
import { topologyWords } from "../topology-words.ts";
import {
	DeleteDialog,
	FailoverDialog,
	LimitsDialog,
	MoveInDialog,
	RebootDialog,
} from "./lazy-dialogs.tsx";
import { moveInObstacle, useMigration } from "./migration/use-migration.ts";
import { modifyPath } from "./modify/modify-path.ts";
import { isServerless } from "./serverless/serverless-cache.ts";

const DIALOGS = ["limits", "failover", "reboot", "snapshot", "move-in", "delete"] as const;
type OpenDialog = (typeof DIALOGS)[number] | null;

interface CacheHeaderProps {
	cache: Cache;
	onConnect: () => void;
}

export function CacheHeader({ cache, onConnect }: CacheHeaderProps) {
	const router = useRouter();
	const { params, change } = useUrlParams();
	const { data: migration } = useMigration(cache);
	const obstacle = moveInObstacle(cache, migration);
	const open = openDialog(cache, params.get("dialog"), obstacle);
	const setOpen = (name: OpenDialog) => change({ dialog: name });
	return (
		<>
			<PageHeader
				{...pageHeadAt(`/caches/${cache.name}`)}
				meta={
					<>
						<Status status={cache.status} />
						<Chip>
							{engineName(cache.engine)} {cache.engineVersion}
						</Chip>
						{shapeWords(cache).map((words) => (
							<Chip key={words}>{words}</Chip>
						))}
						{cache.multiAzStatus === "enabled" && <Chip>Multi-AZ</Chip>}
						{cache.multiAzStatus === "degraded" && (
							<span title={cache.multiAzReason ?? undefined}>
								<Status status="degraded" word="Multi-AZ degraded" />
							</span>
						)}
					</>
				}
				actions={
					<>
						<Button variant="outline" onPress={onConnect}>
							<Plug aria-hidden />
							Connect
						</Button>
						<ActionsMenu
							label="Actions"
							actions={actionsFor(cache, obstacle, setOpen, () =>
								router.push(modifyPath(cache.name)),
							)}
							isDisabled={cache.status === "deleting"}
						/>
					</>
				}
				{...(cache.description === "" ? {} : { description: cache.description })}
			/>
			{open === "limits" && isServerless(cache) && (
				<LimitsDialog cache={cache} onClose={() => setOpen(null)} />
			)}
			{open === "failover" && (
				<FailoverDialog cache={cache} shard={null} onClose={() => setOpen(null)} />
			)}
			{open === "reboot" && (
				<RebootDialog cache={cache} nodes={null} onClose={() => setOpen(null)} />
			)}
			{open === "snapshot" && (
				<CreateSnapshotDialog cache={cache.name} onClose={() => setOpen(null)} />
			)}
			{open === "move-in" && <MoveInDialog cache={cache} onClose={() => setOpen(null)} />}
			{open === "delete" && <DeleteDialog cache={cache} onClose={() => setOpen(null)} />}
		</>
	);
}

/** How the cache is built, for its user. */
function shapeWords(cache: Cache): string[] {
	if (cache.kind === "serverless" && cache.protocol === null) return [KINDS.serverless.label];
	if (cache.protocol !== null) {
		return [KINDS[cache.kind].label, `${PROTOCOL_WORDS[cache.protocol].label} protocol`];
	}
	const mode = cache.clusterMode === "enabled" ? ["Cluster mode on"] : [];
	return [...mode, topologyWords(cache)];
}

/** The dialog that the address asks for, unless the cache can't do that now. */
function openDialog(
	cache: Cache,
	asked: string | null,
	/** Why nothing can be moved into it; null if it can. */
	obstacle: string | null,
): OpenDialog {
	const dialog = DIALOGS.find((name) => name === asked) ?? null;
	if (cache.status === "deleting") return null;
	if (dialog === "move-in" && obstacle !== null) return null;
	if (dialog === "snapshot" && cache.engine === "memcached") return null;
	return dialog === "failover" && failoverObstacle(cache) !== null ? null : dialog;
}

/** What can be done with the cache as a whole. */
function actionsFor(
	cache: Cache,
	moveInObstacle: string | null,
	open: (dialog: OpenDialog) => void,
	modify: () => void,
): MenuAction[] {
	const change: MenuAction = { id: "modify", label: "Modify", icon: Pencil, run: modify };
	const snapshot: MenuAction = {
		id: "snapshot",
		label: "Take a snapshot",
		icon: Archive,
		obstacle: cache.engine === "memcached" ? MEMCACHED_OBSTACLE : null,
		run: () => open("snapshot"),
	};
	const remove: MenuAction = {
		id: "delete",
		label: "Delete",
		icon: Trash2,
		isDanger: true,
		run: () => open("delete"),
	};
	if (cache.kind === "serverless") {
		return [
			{ id: "limits", label: "Modify limits", icon: Gauge, run: () => open("limits") },
			change,
			snapshot,
			remove,
		];
	}
	return [
		change,
		{
			id: "failover",
			label: "Fail over",
			icon: ArrowLeftRight,
			obstacle: failoverObstacle(cache),
			run: () => open("failover"),
		},
		{ id: "reboot", label: "Reboot", icon: RotateCw, run: () => open("reboot") },
		snapshot,
		...(cache.engine === "memcached"
			? []
			: [
					{
						...{ id: "move-in", label: "Move data in…", icon: DatabaseZap },
						obstacle: moveInObstacle,
						run: () => open("move-in"),
					},
				]),
		remove,
	];
}
