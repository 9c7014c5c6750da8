"use client";

import { Button, Input, toast } from "@heroui/react";
import { Check, X } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import type { Parameter } from "../../../../server/contract/parameter-group.ts";
import { toApiProblem } from "../../../_lib/api-problem.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { FieldMessage } from "../../../_ui/form-fields.tsx";
import { SelectField } from "../../../_ui/select-field.tsx";
import { useGroupChange } from "./use-group-change.ts";

interface ParameterEditorProps {
	group: string;
	parameter: Parameter;
	onClose: () => void;
}

/** Edits one value in place: Enter saves, Escape cancels. The API decides whether the value is valid. */
export function ParameterEditor({ group, parameter, onClose }: ParameterEditorProps) {
	const { name, allowedValues, type, apply } = parameter;
	const [value, setValue] = useState(parameter.value);
	const { modify } = useGroupChange(group);
	const errorId = useId();
	const isChoice = (type === "boolean" || type === "enum") && allowedValues !== null;
	const save = () => {
		if (modify.isPending) return;
		if (value === parameter.value) {
			onClose();
			return;
		}
		modify.mutate(
			{ name: group, parameters: { [name]: value } },
			{
				onSuccess: () => {
					toast.success(`${name} is now ${value === "" ? "empty" : value}`, {
						description:
							apply === "immediate"
								? "Running nodes apply it immediately."
								: "Nodes apply it when you reboot them.",
					});
					onClose();
				},
			},
		);
	};
	const onKeyDown = (event: KeyboardEvent) => {
		if (event.key === "Enter") {
			event.preventDefault();
			save();
		}
		if (event.key === "Escape") onClose();
	};
	const error = modify.isError ? asSentence(toApiProblem(modify.error).message) : null;
	return (
		<div className="flex min-w-0 flex-col gap-1 text-left">
			<div className="flex items-center gap-1">
				{isChoice ? (
					<SelectField
						label={`Value of ${name}`}
						hideLabel
						value={value}
						options={allowedValues
							.split(",")
							.map((option) => option.trim())
							.map((option) => ({ value: option, label: option }))}
						onChange={setValue}
						className="w-44"
					/>
				) : (
					<Input
						aria-label={`Value of ${name}`}
						aria-invalid={error !== null}
						aria-describedby={error === null ? undefined : errorId}
						autoFocus
						value={value}
						onChange={(event) => setValue(event.target.value)}
						onKeyDown={onKeyDown}
						spellCheck={false}
						className="w-44 min-w-0 font-mono"
					/>
				)}
				<Button
					size="sm"
					isIconOnly
					aria-label={`Save ${name}`}
					isPending={modify.isPending}
					onPress={save}
				>
					<Check aria-hidden />
				</Button>
				<Button
					size="sm"
					variant="ghost"
					isIconOnly
					aria-label={`Cancel editing ${name}`}
					onPress={onClose}
				>
					<X aria-hidden />
				</Button>
			</div>
			{error !== null && <FieldMessage id={errorId}>{error}</FieldMessage>}
		</div>
	);
}
