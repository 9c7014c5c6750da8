-- CreateTable
CREATE TABLE "LabRun" (
    "id" TEXT NOT NULL,
    "cacheName" TEXT NOT NULL,
    "engine" TEXT NOT NULL,
    "spec" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'running',
    "reason" TEXT,
    "requestedBy" TEXT NOT NULL,
    "samples" JSONB NOT NULL,
    "results" JSONB NOT NULL,
    "hasLeftovers" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "endedAt" TIMESTAMP(3),

    CONSTRAINT "LabRun_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "LabRun_createdAt_id_idx" ON "LabRun"("createdAt", "id");

-- CreateIndex
CREATE UNIQUE INDEX "LabRun_status_key" ON "LabRun"("status") WHERE ("status" = 'running');
