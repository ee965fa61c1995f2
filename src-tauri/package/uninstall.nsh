; The uninstaller leaves what the user made, and says where it is.
!macro NSIS_HOOK_POSTUNINSTALL
  ${IfNot} ${Silent}
    MessageBox MB_OK|MB_ICONINFORMATION "Conversations, settings and models stay in $LOCALAPPDATA\Sirocco\Data. Delete that folder to remove them too."
  ${EndIf}
!macroend
