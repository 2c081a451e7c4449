"""What can go wrong with a local run.

LocalCloudError               one sentence for the person who typed `make run`
├── SettingError              an environment variable has a value that cannot be used
├── AlreadyRunningError       another process serves this data folder
├── FolderError               the data folder cannot be written
├── PortTakenError            another program listens there
└── StartError                a part did not come up
"""


class LocalCloudError(Exception):
    """The message is one sentence that says what is wrong and what to do."""


class SettingError(LocalCloudError):
    pass


class AlreadyRunningError(LocalCloudError):
    pass


class FolderError(LocalCloudError):
    pass


class PortTakenError(LocalCloudError):
    pass


class StartError(LocalCloudError):
    pass
