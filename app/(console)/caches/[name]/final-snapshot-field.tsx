"use client";

import { snapshotNameSchema } from "../../../../server/contract/cache.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { SwitchField } from "../../../_ui/switch-field.tsx";

interface FinalSnapshot {
	isWanted: boolean;
	name: string;
}

/** Why the name can't be a snapshot's; undefined if it can. */
export function nameProblem(name: string): string | undefined {
	const issue = snapshotNameSchema.safeParse(name.trim()).error?.issues[0]?.message;
	return issue === undefined ? undefined : asSentence(issue);
}

interface FinalSnapshotFieldProps {
	value: FinalSnapshot;
	onChange: (value: FinalSnapshot) => void;
	/** The cache is protected from deletion, or was a moment ago: its data has to be kept. */
	isRequired: boolean;
	/** Why the API refused the name. */
	refusal: string | undefined;
}

/** Keeps the data of a cache that is about to be deleted. */
export function FinalSnapshotField(props: FinalSnapshotFieldProps) {
	const { value, onChange, isRequired, refusal } = props;
	return (
		<div className="flex flex-col gap-3">
			<SwitchField
				label="Take a final snapshot first"
				name="finalSnapshot"
				isOn={value.isWanted}
				isDisabled={isRequired}
				onChange={(isWanted) => onChange({ ...value, isWanted })}
				hint={
					isRequired
						? "Required, because deletion protection was on within the last hour. To give the data up, use larder caches delete with --skip-final-snapshot."
						: "A new cache can begin with it. If the snapshot fails, Larder keeps the cache."
				}
			/>
			{value.isWanted && (
				<FormTextField
					label="Name of the final snapshot"
					name="finalSnapshotName"
					value={value.name}
					onChange={(name) => onChange({ ...value, name })}
					autoComplete="off"
					hint="What clients write while it is taken is lost, so stop them first."
					error={nameProblem(value.name) ?? refusal}
				/>
			)}
		</div>
	);
}
