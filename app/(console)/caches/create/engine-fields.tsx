"use client";

import type { ReactNode } from "react";
import { ENGINES } from "../../../../server/contract/choices.ts";
import type { Engine } from "../../../../server/contract/enums.ts";
import { newestOffered } from "../../../../server/contract/offered-versions.ts";
import { engineName } from "../../../_lib/engines.ts";
import { plural } from "../../../_lib/format/count.ts";
import { ChoiceCard } from "../../../_ui/choice-card.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";
import { errorSentence } from "./bind.ts";
import { FieldGroup } from "./field-group.tsx";
import type { CreateForm } from "./use-create-form.ts";
import { useEngineVersions } from "./use-engine-versions.ts";
import { useUsualVersion } from "./use-usual-version.ts";
import type { Wizard } from "./use-wizard.ts";

const WORDS: Readonly<Record<Engine, string>> = {
	valkey: "Every data type, replication, clustering. The best choice for most applications.",
	redis: "For applications certified on Redis.",
	memcached: "Plain key–value, multi-threaded, no replicas.",
};

const NEWEST = "newest";

interface EngineCardsProps {
	wizard: Wizard;
	/** What each engine is good for. */
	words?: Partial<Readonly<Record<Engine, string>>>;
	hint?: ReactNode;
}

/** Memcached has no command that loads a snapshot. */
const ENGINES_WITH_SNAPSHOTS = ENGINES.filter((engine) => engine !== "memcached");

export function EngineCards({ wizard, words = WORDS, hint }: EngineCardsProps) {
	const { form, origin, chooseEngine } = wizard;
	const engines = origin === null ? ENGINES : ENGINES_WITH_SNAPSHOTS;
	const { engine } = form.draft;
	const { query, all } = useEngineVersions(engine);
	const versionOf = (candidate: Engine) =>
		all.find((version) => version.engine === candidate && version.isDefault)?.version;
	return (
		<>
			{query.isError && (
				<ProblemBanner title="Engine versions couldn't be loaded" error={query.error} />
			)}
			<FieldGroup legend="Engine" {...(hint === undefined ? {} : { hint })}>
				<div className={`grid gap-3 ${engines.length === 2 ? "sm:grid-cols-2" : "sm:grid-cols-3"}`}>
					{engines.map((candidate) => (
						<ChoiceCard
							key={candidate}
							name="engine"
							value={candidate}
							isChosen={engine === candidate}
							onChoose={() => chooseEngine(candidate)}
							title={
								<>
									{engineName(candidate)}{" "}
									<span className="font-normal text-muted tabular-nums">
										{versionOf(candidate) ?? newestOffered(candidate)}
									</span>
								</>
							}
						>
							{words[candidate]}
							{query.isSuccess && versionOf(candidate) === undefined && (
								<span className="mt-1 block text-xs">
									No host has it yet; hosts download it on first use.
								</span>
							)}
						</ChoiceCard>
					))}
				</div>
			</FieldGroup>
		</>
	);
}

export function EngineVersionField({ form }: { form: CreateForm }) {
	const { engine, engineVersion } = form.draft;
	const { query, own, newest } = useEngineVersions(engine);
	const usual = useUsualVersion(form);
	const hasSnapshot = form.draft.snapshot !== "";
	const options = [
		{
			value: NEWEST,
			label: hasSnapshot
				? `${engineName(engine)} ${usual}`
				: newest === null
					? `Newest ${newestOffered(engine)}`
					: `Newest (${newest})`,
			...(hasSnapshot && { detail: "Like the snapshot's, where it can be." }),
		},
		...own.map(({ version, hosts }) => ({
			value: version,
			label: version,
			detail: `On ${plural(hosts.length, "host")}`,
		})),
	];
	return (
		<SelectField
			label="Engine version"
			value={engineVersion === "" ? NEWEST : engineVersion}
			options={options}
			onChange={(value) => form.set("engineVersion", value === NEWEST ? "" : value)}
			error={errorSentence(form, "engineVersion")}
			hint={
				query.isSuccess && own.length === 0
					? `No host has ${engineName(engine)} yet. Hosts download it on first use, which takes a little longer.`
					: "Versions that your hosts have installed."
			}
			className="sm:max-w-[calc(50%-0.375rem)]"
		/>
	);
}
