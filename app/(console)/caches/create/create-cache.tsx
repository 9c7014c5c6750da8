"use client";

import { Button } from "@heroui/react";
import { type SubmitEvent, useEffect, useRef } from "react";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { AccessFields } from "./access-fields.tsx";
import { AvailabilityFields } from "./availability-fields.tsx";
import { EngineFields, NameFields } from "./engine-fields.tsx";
import { Summary } from "./summary.tsx";
import { TagsEditor } from "./tags-editor.tsx";
import { useCreateForm } from "./use-create-form.ts";

export function CreateCache() {
	const form = useCreateForm();
	const formRef = useRef<HTMLFormElement>(null);

	const focusField = (field: string) => {
		const input = formRef.current?.querySelector<HTMLElement>(`[name="${field}"]`);
		input?.focus();
		input?.scrollIntoView({ block: "center" });
	};
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		const fault = form.submit();
		if (fault !== null) focusField(fault);
	};
	const { refusedField } = form;
	useEffect(() => {
		if (refusedField === null) return;
		formRef.current?.querySelector<HTMLElement>(`[name="${refusedField}"]`)?.focus();
	}, [refusedField]);

	return (
		<>
			<PageHeader
				crumbs={[{ label: "Caches", href: "/caches" }, { label: "Create" }]}
				title="Create a cache"
			/>
			<form
				ref={formRef}
				onSubmit={submit}
				noValidate
				aria-label="Create a cache"
				className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_23.5rem]"
			>
				<div className="flex min-w-0 flex-col gap-6">
					{form.error !== null && (
						<ProblemBanner title="The cache wasn't created" error={form.error} />
					)}
					<NameFields form={form} />
					<EngineFields form={form} />
					<AvailabilityFields form={form} />
					<AccessFields form={form} />
					<TagsEditor form={form} />
				</div>
				<div className="flex min-w-0 flex-col gap-4 lg:sticky lg:top-17">
					<Summary request={form.request} />
					<div className="flex justify-between gap-2">
						<ButtonLink href="/caches" variant="outline">
							Cancel
						</ButtonLink>
						<Button type="submit" isPending={form.isBusy}>
							{form.isBusy ? "Creating…" : "Create cache"}
						</Button>
					</div>
				</div>
			</form>
		</>
	);
}
