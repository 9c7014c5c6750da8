"use client";

import { Button } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { RotateCcw, SlidersHorizontal, Trash2 } from "lucide-react";
import { useParams } from "next/navigation";
import { useState } from "react";
import type { ParameterGroup } from "../../../../server/contract/parameter-group.ts";
import { familyName } from "../../../_lib/engines.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { Chip } from "../../../_ui/chip.tsx";
import { DetailFrame, MissingPage } from "../../../_ui/detail-frame.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { pageHeadAt } from "../../../_ui/shell/page-heads.ts";
import { UsedBy } from "../group-columns.tsx";
import { DeleteGroupDialog, ResetGroupDialog } from "./group-dialogs.tsx";
import { ParameterTable } from "./parameter-table.tsx";

export function ParameterGroupDetail() {
	const trpc = useTRPC();
	const params = useParams<{ name: string }>();
	const name = decodeURIComponent(params.name);
	const query = useQuery(trpc.parameterGroups.get.queryOptions({ name }));
	return (
		<DetailFrame
			name={name}
			query={query}
			missing={() => (
				<MissingPage
					path={`/parameter-groups/${params.name}`}
					icon={SlidersHorizontal}
					title={`There is no parameter group named ${name}`}
					action={<ButtonLink href="/parameter-groups">Go to all parameter groups</ButtonLink>}
				>
					It may have been deleted, or the name may be misspelled.
				</MissingPage>
			)}
		>
			{(group) => <LoadedGroup group={group} />}
		</DetailFrame>
	);
}

function LoadedGroup({ group }: { group: ParameterGroup }) {
	const [open, setOpen] = useState<"reset" | "delete" | null>(null);
	const changed = group.parameters.filter(({ source }) => source === "user").length;
	return (
		<>
			<PageHeader
				{...pageHeadAt(`/parameter-groups/${group.name}`)}
				title={<span className="break-all">{group.name}</span>}
				meta={
					<>
						<Chip>{familyName(group.family)}</Chip>
						{group.clusterMode !== null && (
							<Chip>Cluster mode {group.clusterMode === "enabled" ? "on" : "off"}</Chip>
						)}
						{group.isDefault && <Chip>Default</Chip>}
					</>
				}
				{...(group.description === "" ? {} : { description: group.description })}
				actions={
					!group.isDefault && (
						<ForAdministrators>
							<Button variant="outline" isDisabled={changed === 0} onPress={() => setOpen("reset")}>
								<RotateCcw aria-hidden />
								Reset all
							</Button>
							<Button
								variant="outline"
								className="text-danger-soft-foreground"
								onPress={() => setOpen("delete")}
							>
								<Trash2 aria-hidden />
								Delete
							</Button>
						</ForAdministrators>
					)
				}
			/>
			<p className="mb-4 text-[0.8125rem] text-muted">
				{group.isDefault
					? "A default group holds Larder's default values, and you can't change it. Create your own group to change values. Used by: "
					: "A change applies to every cache that uses the group. Some values take effect only after a reboot. Used by: "}
				<UsedBy caches={group.caches} />
			</p>
			<ParameterTable group={group} />
			{open === "reset" && (
				<ResetGroupDialog group={group} changed={changed} onClose={() => setOpen(null)} />
			)}
			{open === "delete" && <DeleteGroupDialog group={group} onClose={() => setOpen(null)} />}
		</>
	);
}
