# SPDX-License-Identifier: Apache-2.0
"""Job: init and commit frame a script. Bookmarks are not kept: asking for them is an error."""


class Job:
    def __init__(self, glue_context):
        self.glue_context = glue_context
        self.name = None

    def init(self, job_name, args=None):
        bookmark = (args or {}).get("job_bookmark_option", "job-bookmark-disable")
        if bookmark not in ("", "job-bookmark-disable"):
            raise RuntimeError("job bookmarks are not available here: --job-bookmark-option must "
                               "be job-bookmark-disable")
        self.name = job_name

    def isInitialized(self):
        return self.name is not None

    def commit(self):
        if self.name is None:
            raise RuntimeError("Job.commit was called before Job.init")
