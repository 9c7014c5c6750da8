"use client";

import { PROTOCOLS } from "../../../../server/contract/choices.ts";
import { plural } from "../../../_lib/format/count.ts";
import { ChoiceCard } from "../../../_ui/choice-card.tsx";
import { Fold } from "../../../_ui/fold.tsx";
import { EvictionField } from "../eviction-field.tsx";
import { LimitFields } from "../limit-fields.tsx";
import { MEMCACHED_HINT, PROTOCOL_WORDS } from "../serverless-words.ts";
import { SleepField } from "../sleep-field.tsx";
import { filledTags } from "../tags.ts";
import { BackupsFold } from "./backups-fold.tsx";
import { errorSentence } from "./bind.ts";
import {
	anyError,
	DescriptionField,
	PortField,
	ProtectionField,
	portWords,
	TagFields,
} from "./common-fields.tsx";
import { EngineCards, EngineVersionField } from "./engine-fields.tsx";
import { FieldGroup } from "./field-group.tsx";
import { NameField } from "./name-fields.tsx";
import { PersistenceFold } from "./persistence-fold.tsx";
import { SecurityFold } from "./security-fold.tsx";
import type { CreateForm } from "./use-create-form.ts";
import type { Wizard } from "./use-wizard.ts";

const ENGINE_WORDS = {
	valkey: "The best choice for most applications.",
	redis: "For applications certified on Redis.",
	memcached: "Plain values without copies, behind one endpoint for any Memcached client.",
};

/** A serverless cache's name and engine; the rest is folded, because most people leave it as it is. */
export function ServerlessFields({ wizard }: { wizard: Wizard }) {
	const { form } = wizard;
	return (
		<>
			<NameField wizard={wizard} className="sm:max-w-[calc(50%-0.375rem)]" />
			<EngineCards wizard={wizard} words={ENGINE_WORDS} />
			<div className="flex flex-col gap-3">
				<LimitsFold form={form} />
				{form.draft.engine !== "memcached" && <SecurityFold form={form} />}
				<PortFold form={form} />
				<PersistenceFold form={form} />
				{form.draft.engine !== "memcached" && <BackupsFold form={form} />}
			</div>
		</>
	);
}

/** How it grows, how far, and what happens then. */
function LimitsFold({ form }: { form: CreateForm }) {
	const { draft, set, visit } = form;
	const hasProtocol = draft.engine !== "memcached";
	const hasLimit = [draft.storageMin, draft.storageMax, draft.ecpuMin, draft.ecpuMax].some(
		(text) => text.trim() !== "",
	);
	return (
		<Fold
			title="Limits and options"
			summary={[
				hasProtocol && `${draft.protocol} protocol`,
				hasLimit ? "own limits" : "no limits",
				hasProtocol && draft.evictionPolicy,
			]
				.filter(Boolean)
				.join(" · ")}
			isForcedOpen={anyError(form, [
				...(["protocol", "evictionPolicy", "engineVersion"] as const),
				...(["storageMin", "storageMax", "ecpuMin", "ecpuMax", "sleepMinutes"] as const),
			])}
		>
			{hasProtocol && (
				<FieldGroup
					legend="Protocol"
					hint="A standard cache can get the cluster protocol later, but not the other way round."
				>
					<div className="grid gap-3 sm:grid-cols-2">
						{PROTOCOLS.map((protocol) => (
							<ChoiceCard
								key={protocol}
								name="protocol"
								value={protocol}
								isChosen={draft.protocol === protocol}
								onChoose={() => set("protocol", protocol)}
								title={PROTOCOL_WORDS[protocol].label}
							>
								{PROTOCOL_WORDS[protocol].hint}
							</ChoiceCard>
						))}
					</div>
				</FieldGroup>
			)}
			{!hasProtocol && <p className="text-[0.8125rem] text-muted">{MEMCACHED_HINT}</p>}
			<LimitFields
				draft={draft}
				set={set}
				onBlur={visit}
				errorOf={(field) => errorSentence(form, field)}
			/>
			{hasProtocol && (
				<EvictionField
					value={draft.evictionPolicy}
					protocol={draft.protocol}
					onChange={(policy) => set("evictionPolicy", policy)}
					error={errorSentence(form, "evictionPolicy")}
				/>
			)}
			{hasProtocol && (
				<SleepField
					value={draft.sleepMinutes}
					onChange={(value) => set("sleepMinutes", value)}
					onBlur={() => visit("sleepMinutes")}
					error={errorSentence(form, "sleepMinutes")}
				/>
			)}
			<EngineVersionField form={form} />
		</Fold>
	);
}

function PortFold({ form }: { form: CreateForm }) {
	const { draft } = form;
	const tags = filledTags(draft.tags).length;
	const words = [
		portWords(form),
		tags === 0 ? "no tags" : plural(tags, "tag"),
		draft.deletionProtection && "protected from deletion",
	];
	return (
		<Fold
			title="Port and tags"
			summary={words.filter(Boolean).join(" · ")}
			isForcedOpen={anyError(form, ["port", "tags", "description"])}
		>
			<PortField form={form} />
			<DescriptionField form={form} />
			<ProtectionField form={form} />
			<TagFields form={form} />
		</Fold>
	);
}
