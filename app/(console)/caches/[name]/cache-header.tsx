"use client";

import { Button, Dropdown, Label } from "@heroui/react";
import { ChevronDown, Pencil, Plug, RotateCw, Trash2 } from "lucide-react";
import { type Key, useState } from "react";
import type { Cache } from "../../../../server/contract/cache.ts";
import { engineName } from "../../../_lib/engines.ts";
import { Chip } from "../../../_ui/chip.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { Status } from "../../../_ui/status.tsx";
import { topologyWords } from "../topology-words.ts";
import { DeleteDialog } from "./delete-dialog.tsx";
import { ModifyDialog } from "./modify-dialog.tsx";
import { RebootDialog } from "./reboot-dialog.tsx";

type OpenDialog = "modify" | "reboot" | "delete" | null;

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
						{cache.multiAz && <Chip>Multi-AZ</Chip>}
					</>
				}
				actions={
					<>
						<Button variant="outline" onPress={onConnect}>
							<Plug aria-hidden />
							Connect
						</Button>
						<ActionsMenu
							onModify={() => setOpen("modify")}
							onReboot={() => setOpen("reboot")}
							onDelete={() => setOpen("delete")}
							isDisabled={cache.status === "deleting"}
						/>
					</>
				}
				{...(cache.description === "" ? {} : { description: cache.description })}
			/>
			{open === "modify" && <ModifyDialog {...dialog("modify")} />}
			<RebootDialog {...dialog("reboot")} nodes={null} />
			<DeleteDialog {...dialog("delete")} />
		</>
	);
}

interface ActionsMenuProps {
	onModify: () => void;
	onReboot: () => void;
	onDelete: () => void;
	isDisabled: boolean;
}

function ActionsMenu({ onModify, onReboot, onDelete, isDisabled }: ActionsMenuProps) {
	const onAction = (key: Key) => {
		if (key === "modify") onModify();
		if (key === "reboot") onReboot();
		if (key === "delete") onDelete();
	};
	return (
		<Dropdown>
			<Button variant="outline" isDisabled={isDisabled}>
				Actions
				<ChevronDown aria-hidden />
			</Button>
			<Dropdown.Popover placement="bottom end" className="min-w-48">
				<Dropdown.Menu aria-label="Actions" onAction={onAction}>
					<Dropdown.Item id="modify" textValue="Modify">
						<Pencil aria-hidden className="size-4 text-muted" />
						<Label>Modify</Label>
					</Dropdown.Item>
					<Dropdown.Item id="reboot" textValue="Reboot">
						<RotateCw aria-hidden className="size-4 text-muted" />
						<Label>Reboot</Label>
					</Dropdown.Item>
					<Dropdown.Item id="delete" textValue="Delete" variant="danger">
						<Trash2 aria-hidden className="size-4 text-danger" />
						<Label>Delete</Label>
					</Dropdown.Item>
				</Dropdown.Menu>
			</Dropdown.Popover>
		</Dropdown>
	);
}
