"use client";

import { Button } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { Pencil, Trash2, Zap } from "lucide-react";
import { useParams } from "next/navigation";
import type { AcceleratorView } from "../../../../server/contract/accelerator.ts";
import { isMissing } from "../../../_lib/api-problem.ts";
import { BUSY_POLL_MS, CALM_POLL_MS, useIsViewer } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { DetailFrame, MissingPage } from "../../../_ui/detail-frame.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { pageHeadAt } from "../../../_ui/shell/page-heads.ts";
import { Status } from "../../../_ui/status.tsx";
import { acceleratorPath } from "../accelerator-words.ts";
import { DeleteAcceleratorDialog } from "../delete-accelerator-dialog.tsx";
import { ModifyAcceleratorDialog } from "../modify-accelerator-dialog.tsx";
import { FactsPanel } from "./facts-panel.tsx";
import { InstancesPanel } from "./instances-panel.tsx";
import { MetricsPanel } from "./metrics-panel.tsx";
import { SavingsPanel } from "./savings-panel.tsx";

export function AcceleratorDetail() {
	const trpc = useTRPC();
	const params = useParams<{ name: string }>();
	const name = decodeURIComponent(params.name);
	const query = useQuery(
		trpc.accelerators.get.queryOptions(
			{ name },
			{
				refetchInterval: ({ state }) =>
					isMissing(state.error) || state.data?.status === "available"
						? CALM_POLL_MS
						: BUSY_POLL_MS,
			},
		),
	);
	return (
		<DetailFrame
			name={name}
			query={query}
			missing={() => (
				<MissingPage
					path={acceleratorPath(name)}
					icon={Zap}
					title={`There is no accelerator named ${name}`}
					action={<ButtonLink href="/accelerators">Go to all accelerators</ButtonLink>}
				>
					It may have been deleted, or the name may be misspelled.
				</MissingPage>
			)}
		>
			{(accelerator) => <LoadedAccelerator accelerator={accelerator} />}
		</DetailFrame>
	);
}

function LoadedAccelerator({ accelerator }: { accelerator: AcceleratorView }) {
	const { params, change } = useUrlParams();
	const isViewer = useIsViewer();
	const dialog = isViewer ? null : params.get("dialog");
	const close = () => change({ dialog: null });
	const { name, status, statusReason } = accelerator;
	return (
		<>
			<PageHeader
				{...pageHeadAt(acceleratorPath(name))}
				title={<span className="break-all">{name}</span>}
				meta={<Status status={status} />}
				{...(statusReason !== null && { description: statusReason })}
				actions={
					<ForAdministrators>
						<Button variant="outline" onPress={() => change({ dialog: "modify" })}>
							<Pencil aria-hidden />
							Modify
						</Button>
						<Button variant="outline" onPress={() => change({ dialog: "delete" })}>
							<Trash2 aria-hidden />
							Delete
						</Button>
					</ForAdministrators>
				}
			/>
			<div className="flex min-w-0 flex-col gap-4">
				<SavingsPanel metrics={accelerator.metrics} />
				<FactsPanel accelerator={accelerator} />
				<MetricsPanel name={name} />
				<InstancesPanel accelerator={accelerator} />
			</div>
			{dialog === "modify" && <ModifyAcceleratorDialog accelerator={accelerator} onClose={close} />}
			{dialog === "delete" && <DeleteAcceleratorDialog name={name} onClose={close} />}
		</>
	);
}
