"use client";

import { LIMITS } from "../../../../server/contract/limits.ts";
import { CheckField } from "../../../_ui/check-field.tsx";
import { FieldMessage } from "../../../_ui/form-fields.tsx";
import { SwitchField } from "../../../_ui/switch-field.tsx";
import { WriteGuardNote } from "../write-guard-note.tsx";
import { errorSentence } from "./bind.ts";
import { failoverLock, hasFailover, hasMultiAz, multiAzObstacle } from "./draft.ts";
import { FieldGroup } from "./field-group.tsx";
import type { CreateForm } from "./use-create-form.ts";

/** What happens when a zone or a primary is lost. */
export function AvailabilityFields({ form }: { form: CreateForm }) {
	const { draft, fleet, set } = form;
	const isMemcached = draft.engine === "memcached";
	const obstacle = multiAzObstacle(draft, fleet);
	const lock = failoverLock(draft, fleet);
	return (
		<FieldGroup legend="Availability">
			<div className="grid gap-x-3 gap-y-4 pt-1 sm:grid-cols-2">
				<SwitchField
					label="Multi-AZ"
					name="multiAz"
					isOn={hasMultiAz(draft, fleet)}
					isDisabled={obstacle !== null}
					onChange={(isOn) => set("multiAz", isOn)}
					hint={
						obstacle ??
						(draft.multiAz
							? isMemcached
								? "Nodes are spread over at least two zones. Losing a zone loses only its share of the keys."
								: "Each shard's nodes are spread over at least two zones."
							: "All nodes may share one zone.")
					}
					error={errorSentence(form, "multiAz")}
				/>
				<SwitchField
					label="Automatic failover"
					name="automaticFailover"
					isOn={hasFailover(draft, fleet)}
					isDisabled={lock !== null}
					onChange={(isOn) => set("automaticFailover", isOn)}
					hint={
						lock?.reason ??
						(draft.automaticFailover
							? "If a primary fails, a replica takes over automatically."
							: "If a primary fails, you promote a replica yourself.")
					}
					error={errorSentence(form, "automaticFailover")}
				/>
			</div>
			{!isMemcached && draft.replicas >= 2 && (
				<div className="mt-4">
					<WriteGuardNote
						group={draft.parameterGroup === "" ? null : draft.parameterGroup}
						replicasPerShard={draft.replicas}
						opensTab
					/>
				</div>
			)}
		</FieldGroup>
	);
}

/** Which zones may be used. */
export function ZoneFields({ form }: { form: CreateForm }) {
	const { draft, fleet, set } = form;
	const known = [...new Set([...(fleet.onlineZones ?? []), ...draft.zones])].sort();
	const most = draft.engine === "memcached" ? draft.nodes : LIMITS.memcachedNodesMax;
	const isFull = draft.zones.length >= most;
	const error = errorSentence(form, "zones");
	const toggle = (zone: string, isChosen: boolean) =>
		set("zones", isChosen ? [...draft.zones, zone] : draft.zones.filter((each) => each !== zone));
	return (
		<FieldGroup
			legend="Zones"
			isOptional
			hint={
				draft.zones.length === 0
					? "If you select none, Larder uses any zone with room."
					: isFull && draft.engine === "memcached"
						? `Choose no more zones than nodes: at most ${draft.nodes}.`
						: "Larder places nodes in these zones in turn."
			}
		>
			<div className="flex flex-wrap gap-x-5 gap-y-2">
				{known.map((zone) => (
					<CheckField
						key={zone}
						label={zone}
						isChecked={draft.zones.includes(zone)}
						isDisabled={isFull && !draft.zones.includes(zone)}
						onChange={(isChosen) => toggle(zone, isChosen)}
					/>
				))}
				{known.length === 0 && <p className="text-[0.8125rem] text-muted">No host is online.</p>}
			</div>
			{error !== undefined && <FieldMessage>{error}</FieldMessage>}
		</FieldGroup>
	);
}
