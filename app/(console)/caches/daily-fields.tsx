import { LIMITS } from "../../../server/contract/limits.ts";
import { FormTextField } from "../../_ui/form-fields.tsx";

interface DailyFieldsProps {
	days: string;
	onDays: (days: string) => void;
	window: string;
	onWindow: (window: string) => void;
	onBlur?: (field: "retentionDays" | "snapshotWindow") => void;
	/** By the API's name of the field. */
	errorOf: (field: "snapshotRetentionDays" | "snapshotWindow") => string | undefined;
}

/** How long daily snapshots are kept, and when they are taken. */
export function DailyFields(props: DailyFieldsProps) {
	const { days, onDays, window, onWindow, onBlur, errorOf } = props;
	return (
		<div className="grid items-start gap-x-3 gap-y-5 sm:grid-cols-2">
			<FormTextField
				label="Keep for days"
				name="retentionDays"
				value={days}
				onChange={onDays}
				onBlur={() => onBlur?.("retentionDays")}
				inputMode="numeric"
				autoComplete="off"
				placeholder="no daily snapshots"
				hint={`1 to ${LIMITS.snapshotRetentionDaysMax}. Leave it empty for no daily snapshots.`}
				error={errorOf("snapshotRetentionDays")}
			/>
			<FormTextField
				label="Daily window in UTC"
				name="snapshotWindow"
				value={window}
				onChange={onWindow}
				onBlur={() => onBlur?.("snapshotWindow")}
				autoComplete="off"
				placeholder="03:00-04:00"
				hint="An hour at least, such as 23:30-00:30."
				error={errorOf("snapshotWindow")}
			/>
		</div>
	);
}
