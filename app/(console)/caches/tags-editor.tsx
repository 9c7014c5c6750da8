"use client";

import { Button, Input } from "@heroui/react";
import { Plus, X } from "lucide-react";
import { useRef } from "react";
import { LIMITS } from "../../../server/contract/limits.ts";
import { asSentence } from "../../_lib/form-issues.ts";
import { randomId } from "../../_lib/random-id.ts";
import { FieldMessage } from "../../_ui/form-fields.tsx";
import type { DraftTag } from "./tags.ts";

interface TagsEditorProps {
	tags: readonly DraftTag[];
	onChange: (tags: readonly DraftTag[]) => void;
	onBlur?: () => void;
	error?: string | undefined;
}

/** Rows of key and value, added and removed one by one. */
export function TagsEditor({ tags, onChange, onBlur, error }: TagsEditorProps) {
	const listRef = useRef<HTMLDivElement>(null);
	const update = (id: string, change: Partial<DraftTag>) =>
		onChange(tags.map((tag) => (tag.id === id ? { ...tag, ...change } : tag)));
	const remove = (id: string) => {
		onChange(tags.filter((tag) => tag.id !== id));
		listRef.current?.querySelector<HTMLElement>("[data-add-tag]")?.focus();
	};
	const add = () => onChange([...tags, { id: randomId(), key: "", value: "" }]);
	return (
		<div ref={listRef} className="flex flex-col gap-2">
			{tags.map(({ id, key, value }, index) => (
				<div key={id} className="flex items-center gap-2">
					<Input
						name={index === 0 ? "tags" : `tag-${id}`}
						aria-label={`Key of tag ${index + 1}`}
						placeholder="key"
						autoFocus={key === "" && value === ""}
						maxLength={LIMITS.tagKeyMaxLength}
						value={key}
						onChange={(event) => update(id, { key: event.target.value })}
						onBlur={onBlur}
						className="w-full min-w-0"
					/>
					<Input
						aria-label={`Value of tag ${index + 1}`}
						placeholder="value"
						maxLength={LIMITS.tagValueMaxLength}
						value={value}
						onChange={(event) => update(id, { value: event.target.value })}
						onBlur={onBlur}
						className="w-full min-w-0"
					/>
					<Button
						variant="ghost"
						isIconOnly
						aria-label={`Remove tag ${index + 1}`}
						onPress={() => remove(id)}
					>
						<X aria-hidden />
					</Button>
				</div>
			))}
			{error !== undefined && <FieldMessage>{asSentence(error)}</FieldMessage>}
			<Button
				size="sm"
				className="w-fit"
				variant="outline"
				data-add-tag
				isDisabled={tags.length >= LIMITS.tagsMax}
				onPress={add}
			>
				<Plus aria-hidden />
				Add tag
			</Button>
		</div>
	);
}
