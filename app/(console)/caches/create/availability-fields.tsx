"use client";

import { Label, NumberField, Switch } from "@heroui/react";
import { LIMITS } from "../../../../server/contract/limits.ts";
import { useOverview } from "../../../_lib/queries.ts";
import type { CreateForm } from "./use-create-form.ts";

/** Why Multi-AZ can't be had, or null when it can. */
function multiAzObstacle(replicas: number, onlineZones: number | undefined): string | null {
	if (replicas === 0) return "Needs at least one replica to fail over to.";
	if (onlineZones !== undefined && onlineZones < 2) {
		return `Needs hosts online in two zones; there ${onlineZones === 1 ? "is one" : "are none"}. Add a host in another zone.`;
	}
	return null;
}

export function AvailabilityFields({ form }: { form: CreateForm }) {
	const { data: overview } = useOverview();
	const { replicas, multiAz } = form.draft;
	const onlineZones = overview?.zones.filter(({ online }) => online > 0).length;
	const obstacle = multiAzObstacle(replicas, onlineZones);
	return (
		<div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
			<NumberField
				value={replicas}
				minValue={0}
				maxValue={LIMITS.replicasPerShardMax}
				step={1}
				onChange={(value) => form.set("replicas", Number.isNaN(value) ? 0 : value)}
				className="flex flex-col gap-1.5"
			>
				<Label>Replicas</Label>
				<NumberField.Group className="max-w-44">
					<NumberField.DecrementButton />
					<NumberField.Input name="replicas" className="text-center" />
					<NumberField.IncrementButton />
				</NumberField.Group>
				<p className="text-xs text-muted">
					{replicas === 0
						? "Without one, the data is gone when its node is."
						: `0 to ${LIMITS.replicasPerShardMax} copies, each in another zone where there is one.`}
				</p>
			</NumberField>
			<div className="flex flex-col justify-center gap-1">
				<Switch
					name="multiAz"
					isSelected={multiAz && obstacle === null}
					isDisabled={obstacle !== null}
					onChange={(value) => form.set("multiAz", value)}
				>
					<Switch.Content>
						<Switch.Control>
							<Switch.Thumb />
						</Switch.Control>
						Multi-AZ with automatic failover
					</Switch.Content>
				</Switch>
				<p className="pl-13 text-xs text-muted">
					{obstacle ??
						(multiAz
							? "Primary and replicas lie in different zones; a lost primary is replaced by itself."
							: replicas > 0
								? "A lost primary is replaced by itself, but all nodes may lie in one zone."
								: "")}
				</p>
			</div>
		</div>
	);
}
