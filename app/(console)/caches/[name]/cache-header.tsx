"use client";

import { Button } from "@heroui/react";
import { ArrowLeftRight, Pencil, Plug, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Cache } from "../../../../server/contract/cache.ts";
import { engineName } from "../../../_lib/engines.ts";
import { failoverObstacle } from "../../../_lib/failover.ts";
import { ActionsMenu, type MenuAction } from "../../../_ui/actions-menu.tsx";
import { Chip } from "../../../_ui/chip.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { Status } from "../../../_ui/status.tsx";
import { topologyWords } from "../topology-words.ts";
import { DeleteDialog } from "./delete-dialog.tsx";
import { FailoverDialog } from "./failover-dialog.tsx";
import { ModifyDialog } from "./modify-dialog.tsx";
import { RebootDialog } from "./reboot-dialog.tsx";

type OpenDialog = "modify" | "failover" | "reboot" | "delete" | null;

interface CacheHeaderProps {
	cache: Cache;
	onConnect: () => void;
}

export function CacheHeader({ cache, onConnect }: CacheHeaderProps) {
	const [open, setOpen] = useState<OpenDialog>(null);
	const dialog = (name: OpenDialog) => ({
		cache,
		isOpen: open === name,
		onOpenChange: (isOpen: boolean) => setOpen(isOpen ? name : null),
	});
	return (
		<>
			<PageHeader
				crumbs={[{ label: "Caches", href: "/caches" }, { label: cache.name }]}
				title={cache.name}
				meta={
					<>
						<Status status={cache.status} />
						<Chip>
							{engineName(cache.engine)} {cache.engineVersion}
						</Chip>
						{cache.clusterMode === "enabled" && <Chip>Cluster mode on</Chip>}
						<Chip>{topologyWords(cache)}</Chip>
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
							actions={actionsFor(cache, setOpen)}
							isDisabled={cache.status === "deleting"}
						/>
					</>
				}
				{...(cache.description === "" ? {} : { description: cache.description })}
			/>
			{open === "modify" && <ModifyDialog {...dialog("modify")} />}
			{open === "failover" && (
				<FailoverDialog cache={cache} shard={null} onClose={() => setOpen(null)} />
			)}
			<RebootDialog {...dialog("reboot")} nodes={null} />
			{open === "delete" && <DeleteDialog cache={cache} onClose={() => setOpen(null)} />}
		</>
	);
}

/** What can be done with the cache as a whole. */
function actionsFor(cache: Cache, open: (dialog: OpenDialog) => void): MenuAction[] {
	return [
		{ id: "modify", label: "Modify", icon: Pencil, run: () => open("modify") },
		{
			id: "failover",
			label: "Fail over",
			icon: ArrowLeftRight,
			obstacle: failoverObstacle(cache),
			run: () => open("failover"),
		},
		{ id: "reboot", label: "Reboot", icon: RotateCw, run: () => open("reboot") },
		{
			id: "delete",
			label: "Delete",
			icon: Trash2,
			isDanger: true,
			run: () => open("delete"),
		},
	];
}
